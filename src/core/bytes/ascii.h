/* Letters and digits as protocols mean them, whatever the process's locale
   says of bytes. */
#ifndef ETORO_ASCII_H
#define ETORO_ASCII_H

static inline char etoro_lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline char etoro_upper(char c)
{
  return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static inline int etoro_is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static inline int etoro_is_alpha(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline int etoro_is_hex(char c)
{
  return etoro_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

#endif
