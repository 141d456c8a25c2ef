#define _GNU_SOURCE /* memmem */

#include "core/bytes/mask.h"

#include <string.h>

#include "core/limits.h"

#define BYTES 256
#define RARE_AMONG 24 /* bytes of a secret, for one to look for it by */
#define RARE_TRIES 32 /* places that have that byte and not the secret */

/* The secret as bytes, and the set of them. */
struct wanted {
  const char *text;
  size_t len;
  unsigned char has[BYTES]; /* filled when it is needed */
  int is_look;              /* nothing is overwritten */
  int is_found;
};

/* Overwritten in place and with as many bytes: nothing moves, so that masks
   need no memory and cannot fail. */
static void cover(struct wanted *w, char *at, size_t n)
{
  if (!n)
    return;
  w->is_found = 1;
  if (!w->is_look)
    memset(at, '*', n);
}

static int hex_value(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads n hex digits; -1 when they are not there. */
static int read_hex(const char *p, const char *end, int n)
{
  int v = 0;
  if (end - p < n)
    return -1;
  for (; n > 0; n--) {
    int digit = hex_value(*p++);
    if (digit < 0)
      return -1;
    v = v * 16 + digit;
  }
  return v;
}

/* Backslashes, of which there are more where JSON stands in JSON, and what
   they escape. */
static size_t read_backslash(const char *p, const char *end, char *c)
{
  const char *q = p;
  int v;
  while (q < end && *q == '\\')
    q++;
  if (q < end && *q == 'u') {
    v = read_hex(q + 1, end, 4);
    *c = v >= 0 && v < 128 ? (char)v : '\0';
    return v < 0 ? (size_t)(q - p) : (size_t)(q + 5 - p);
  }
  if (q < end && (*q == '/' || *q == '"' || *q == '\'')) {
    *c = *q;
    return (size_t)(q + 1 - p);
  }
  *c = '\\';
  return q - p > 1 ? 2 : 1;
}

/* %41, and %2541 where a URL stands in a URL. */
static size_t read_percent(const char *p, const char *end, char *c)
{
  const char *q = p + 1;
  int v = read_hex(q, end, 2);
  *c = '%';
  if (v < 0)
    return 1;
  for (q += 2; v == '%' && read_hex(q, end, 2) >= 0; q += 2)
    v = read_hex(q, end, 2);
  *c = (char)v;
  return (size_t)(q - p);
}

/* &#43; &#x2B; &amp; */
static size_t read_entity(const char *p, const char *end, char *c)
{
  const char *q = p + 2;
  int is_hex, v = 0;
  *c = '&';
  if (end - p >= 5 && !memcmp(p, "&amp;", 5))
    return 5;
  if (end - p < 4 || p[1] != '#')
    return 1;
  is_hex = (*q | 0x20) == 'x';
  for (q += is_hex; q < end && *q != ';'; q++) {
    int digit = hex_value(*q);
    if (digit < 0 || (!is_hex && digit > 9) || v > 127)
      return 1;
    v = v * (is_hex ? 16 : 10) + digit;
  }
  if (q == end || v > 127)
    return 1;
  *c = (char)v;
  return (size_t)(q + 1 - p);
}

/* Reads one character, escaped or not; gives the bytes that it takes up. */
static size_t read_one(const char *p, const char *end, char *c)
{
  switch (*p) {
  case '\\':
    return read_backslash(p, end, c);
  case '%':
    return read_percent(p, end, c);
  case '&':
    return read_entity(p, end, c);
  default:
    *c = *p;
    return 1;
  }
}

/* The bytes that the secret takes up at p; 0 when it is not there. */
static size_t length_at(const struct wanted *w, const char *p, const char *end)
{
  const char *q = p;
  size_t i;
  for (i = 0; i < w->len; i++) {
    char c;
    size_t n;
    if (q == end)
      return 0;
    /* As an escape first, else as it stands: a secret may have a % or an & of
       its own. */
    n = read_one(q, end, &c);
    if (c != w->text[i]) {
      if (*q != w->text[i])
        return 0;
      n = 1;
    }
    q += n;
  }
  return (size_t)(q - p);
}

/* How often a byte is met in answers, from 9 for most often down to 0. */
static const unsigned char usual[BYTES] = {
  ['"'] = 9, ['0'] = 9, ['e'] = 9, ['1'] = 9, ['-'] = 9, ['2'] = 9, [':'] = 8,
  ['o'] = 8, ['a'] = 8, ['t'] = 8, ['d'] = 8, ['c'] = 8, [','] = 8, ['5'] = 8,
  ['3'] = 7, ['r'] = 7, ['n'] = 7, ['i'] = 7, ['8'] = 7, ['4'] = 7, ['s'] = 7,
  ['9'] = 7, ['.'] = 6, ['6'] = 6, ['7'] = 6, ['l'] = 6, ['f'] = 6, ['b'] = 6,
  ['m'] = 5, ['u'] = 5, ['p'] = 5, ['h'] = 5, ['g'] = 4, ['k'] = 4, ['y'] = 4,
  ['I'] = 4, ['T'] = 4, ['v'] = 3, ['w'] = 3, ['D'] = 3, ['P'] = 3, ['A'] = 3,
  ['N'] = 3, ['S'] = 2, ['C'] = 2, ['B'] = 2, ['U'] = 2, ['M'] = 2, ['R'] = 2,
  ['x'] = 2, ['E'] = 2, ['Z'] = 2, ['G'] = 2, ['L'] = 1, ['F'] = 1, ['O'] = 1,
  ['V'] = 1, ['H'] = 1, ['W'] = 1, ['_'] = 1, ['/'] = 1, ['q'] = 1, ['z'] = 1
};

/* The place of the byte, of the secret's first ones, that is met least. */
static size_t rarest(const struct wanted *w)
{
  size_t i, found = 0, n = w->len < RARE_AMONG ? w->len : RARE_AMONG;
  for (i = 1; i < n; i++)
    if (usual[(unsigned char)w->text[i]]
        < usual[(unsigned char)w->text[found]])
      found = i;
  return found;
}

/* The secret's next place as it stands; NULL for none. It is looked for by its
   rarest byte, and where that is not rare by all of them. */
static char *find_plain(const struct wanted *w, size_t rare, char *from,
                        char *end)
{
  int tries = RARE_TRIES;
  char *at = from + rare;
  if ((size_t)(end - from) < w->len)
    return NULL;
  end -= w->len - 1 - rare;
  while (tries-- > 0) {
    at = memchr(at, w->text[rare], (size_t)(end - at));
    if (!at || !memcmp(at - rare, w->text, w->len))
      return at ? at - rare : NULL;
    if (++at == end)
      return NULL;
  }
  at -= rare;
  return memmem(at, (size_t)(end - at) + w->len - 1 - rare, w->text, w->len);
}

static void mask_plain(struct wanted *w, char *bytes, size_t n)
{
  char *at = bytes, *end = bytes + n;
  size_t rare = rarest(w);
  while ((at = find_plain(w, rare, at, end)) != NULL) {
    cover(w, at, w->len);
    at += w->len;
  }
}

static int is_escaping(char c)
{
  return (c && strchr("\\%&#;ux", c) != NULL) || hex_value(c) >= 0;
}

/* The next places of what starts an escape; NULL for none. */
struct escapes {
  char *at[3];
  char *end;
};

static const char starts[] = { '\\', '%', '&' };

static int find_escapes(struct escapes *e, char *bytes, char *end)
{
  int i, found = 0;
  for (i = 0; i < 3; i++) {
    e->at[i] = memchr(bytes, starts[i], (size_t)(end - bytes));
    found |= e->at[i] != NULL;
  }
  e->end = end;
  return found;
}

static char *next_escape(struct escapes *e, char *from)
{
  char *first = NULL;
  int i;
  for (i = 0; i < 3; i++) {
    if (e->at[i] && e->at[i] < from)
      e->at[i] = memchr(from, starts[i], (size_t)(e->end - from));
    if (e->at[i] && (!first || e->at[i] < first))
      first = e->at[i];
  }
  return first;
}

/* Looks for the secret at the places from *done to at, of whose escape the
   secret has the character. No place is tried twice. */
static char *mask_around(struct wanted *w, char **done, char *at, char *end)
{
  char *start = at;
  while (start > *done
         && (w->has[(unsigned char)start[-1]] || is_escaping(start[-1])))
    start--;
  for (*done = at + 1; start <= at; start++) {
    size_t found = length_at(w, start, end);
    cover(w, start, found);
    if (found) {
      *done = start + found;
      return *done;
    }
  }
  return NULL;
}

/* An escape of one of its characters is where it may be written otherwise. */
static void mask_escaped(struct wanted *w, char *bytes, char *end)
{
  struct escapes e;
  char *at, *from = bytes, *done = bytes;
  size_t i;
  if (!find_escapes(&e, bytes, end))
    return;
  memset(w->has, 0, sizeof w->has);
  for (i = 0; i < w->len; i++)
    w->has[(unsigned char)w->text[i]] = 1;
  while ((at = next_escape(&e, from)) != NULL) {
    char c, *behind = NULL;
    size_t n = read_one(at, end, &c);
    if (c && w->has[(unsigned char)c])
      behind = mask_around(w, &done, at, end);
    from = behind ? behind : at + n;
  }
}

/* Where the text was cut, its end may be the secret's start. */
static void mask_cut(struct wanted *w, char *bytes, size_t n)
{
  char *end = bytes + n, *at = end - (w->len - 1 < n ? w->len - 1 : n);
  while ((at = memchr(at, w->text[0], (size_t)(end - at))) != NULL) {
    size_t len = (size_t)(end - at);
    /* Less of it than that is in any text. */
    if (len < ETORO_MASKED_MIN)
      return;
    if (!memcmp(at, w->text, len)) {
      cover(w, at, len);
      return;
    }
    at++;
  }
}

static int mask(struct etoro_secret *const *list, size_t count, char *bytes,
                size_t n, int is_look)
{
  struct escapes e;
  int has_escapes = n && find_escapes(&e, bytes, bytes + n);
  int is_found = 0;
  size_t i;
  for (i = 0; n && i < count && !(is_look && is_found); i++) {
    struct wanted w;
    /* A short secret would blank half of any text, and tell by that what it
       is. */
    if (!list[i] || etoro_secret_len(list[i]) < ETORO_MASKED_MIN)
      continue;
    w.text = etoro_secret_data(list[i]);
    w.len = etoro_secret_len(list[i]);
    w.is_look = is_look;
    w.is_found = 0;
    mask_plain(&w, bytes, n);
    if (has_escapes)
      mask_escaped(&w, bytes, bytes + n);
    mask_cut(&w, bytes, n);
    is_found |= w.is_found;
  }
  return is_found;
}

void etoro_mask_secrets(struct etoro_secret *const *list, size_t count,
                        char *bytes, size_t n)
{
  mask(list, count, bytes, n, 0);
}

int etoro_mask_would(struct etoro_secret *const *list, size_t count,
                     char *bytes, size_t n)
{
  return mask(list, count, bytes, n, 1);
}
