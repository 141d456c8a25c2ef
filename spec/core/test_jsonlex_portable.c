#undef ETORO_PORTABLE
#define ETORO_PORTABLE 1
#include "lexing.h"

int main(void)
{
  return lexes();
}
