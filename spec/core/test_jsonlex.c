#include "lexing.h"

int main(void)
{
  return lexes();
}
