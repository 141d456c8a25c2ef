#include "core/net/headers.h"

#include <string.h>

#include "core/bytes/ascii.h"

static int is_same(const char *a, const char *b, size_t n)
{
  size_t i;
  for (i = 0; i < n; i++) {
    if (etoro_lower(a[i]) != etoro_lower(b[i]))
      return 0;
  }
  return 1;
}

static int is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static int is_blank(char c)
{
  return c == ' ' || c == '\t';
}

/* Takes the next line off the block, without its end; NULL when no whole
   line is left. */
static const char *take_line(const char *block, size_t n, size_t *at,
                             size_t *len)
{
  const char *line, *end;
  if (*at >= n)
    return NULL;
  line = block + *at;
  end = memchr(line, '\n', n - *at);
  if (!end) {
    *at = n;
    return NULL;
  }
  *at = (size_t)(end - block) + 1;
  *len = (size_t)(end - line);
  if (*len && line[*len - 1] == '\r')
    /* A bare line feed ends a line as well, as RFC 9112, 2.2, allows. */
    --*len;
  return line;
}

static void trim(const char **text, size_t *n)
{
  while (*n && is_blank((*text)[*n - 1]))
    --*n;
  while (*n && is_blank(**text)) {
    ++*text;
    --*n;
  }
}

int etoro_headers_find(const char *block, size_t n, const char *name,
                       const char **value, size_t *len)
{
  size_t at = 0, size = 0, wanted = strlen(name);
  const char *line;
  int found = 0;
  for (;;) {
    line = take_line(block, n, &at, &size);
    if (!line)
      return found;
    if (size <= wanted || line[wanted] != ':' || !is_same(line, name, wanted))
      continue;
    found = 1;
    *value = line + wanted + 1;
    *len = size - wanted - 1;
    trim(value, len);
  }
}

/* Takes a line apart; 0 when it is no field. */
static int take_field(const char *line, size_t size,
                      struct etoro_header *field)
{
  const char *colon = memchr(line, ':', size);
  /* A line that begins with a blank goes on with the one before, a blank
     before the colon is somebody's trick to hide a name: RFC 9112, 5.1 and
     5.2. */
  if (!colon || colon == line || is_blank(line[0]) || is_blank(colon[-1]))
    return 0;
  if (size >= 5 && memcmp(line, "HTTP/", 5) == 0)
    return 0;
  field->name = line;
  field->name_len = (size_t)(colon - line);
  field->value = colon + 1;
  field->value_len = size - field->name_len - 1;
  trim(&field->value, &field->value_len);
  return 1;
}

int etoro_headers_next(const char *block, size_t n, size_t *at,
                       struct etoro_header *field)
{
  const char *line;
  size_t size = 0;
  while ((line = take_line(block, n, at, &size)) != NULL) {
    if (take_field(line, size, field))
      return 1;
  }
  return 0;
}

/* Digits at the start of text, and how many there are. A number that long
   that sums of it would lose their meaning stays at the ceiling. */
static double leading_number(const char *text, size_t n, size_t *digits)
{
  double v = 0.0;
  size_t i;
  for (i = 0; i < n && is_digit(text[i]); i++) {
    if (v < 1e15)
      v = v * 10.0 + (text[i] - '0');
  }
  *digits = i;
  return v;
}

/* A number and nothing else, or -1. */
static double whole_number(const char *text, size_t n)
{
  size_t digits;
  double v = leading_number(text, n, &digits);
  return n && digits == n ? v : -1.0;
}

/* A number, maybe with a list or parameters behind it, as some drafts of the
   RateLimit fields had it ("100, 100;w=60"), or -1. */
static double first_number(const struct etoro_header *f)
{
  const char *text = f->value;
  size_t n = f->value_len;
  size_t digits;
  double v = leading_number(text, n, &digits);
  if (!digits)
    return -1.0;
  if (digits < n && !is_blank(text[digits]) && text[digits] != ','
      && text[digits] != ';')
    return -1.0;
  return v;
}

/* The w of the first policy in "20;w=60, 1000;w=3600", or -1. */
static double policy_window(const struct etoro_header *f)
{
  const char *text = f->value;
  size_t i, digits, n = f->value_len;
  int is_quoted = 0;
  for (i = 0; i < n && (is_quoted || text[i] != ','); i++) {
    /* A name in quotes may hold commas and semicolons, and escaped quotes. */
    if (is_quoted && text[i] == '\\')
      i++;
    else if (text[i] == '"')
      is_quoted = !is_quoted;
    else if (!is_quoted && text[i] == ';') {
      size_t at = i + 1;
      double v;
      while (at < n && is_blank(text[at]))
        at++;
      if (n - at < 3 || etoro_lower(text[at]) != 'w' || text[at + 1] != '=')
        continue;
      v = leading_number(text + at + 2, n - at - 2, &digits);
      if (digits)
        return v;
    }
  }
  return -1.0;
}

/* A time of an HTTP date is being read from text; n bytes are left. */
struct cursor {
  const char *text;
  size_t n;
};

static int take_text(struct cursor *c, const char *what)
{
  size_t len = strlen(what);
  if (c->n < len || !is_same(c->text, what, len))
    return 0;
  c->text += len;
  c->n -= len;
  return 1;
}

/* Exactly count digits; -1 when they are not there. */
static int take_digits(struct cursor *c, size_t count)
{
  int v = 0;
  size_t i;
  if (c->n < count)
    return -1;
  for (i = 0; i < count; i++) {
    if (!is_digit(c->text[i]))
      return -1;
    v = v * 10 + (c->text[i] - '0');
  }
  c->text += count;
  c->n -= count;
  return v;
}

/* Month as 1 to 12, or -1. */
/* Names are matched by hand, as strptime reads those of the process's
   locale. */
static int take_month(struct cursor *c)
{
  static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
  int i;
  for (i = 0; c->n >= 3 && i < 12; i++) {
    if (is_same(c->text, names + (size_t)i * 3, 3)) {
      c->text += 3;
      c->n -= 3;
      return i + 1;
    }
  }
  return -1;
}

struct date {
  int year, month, day, hour, minute, second;
};

/* "08:49:37"; a leap second is read as the second after it. */
static int take_clock(struct cursor *c, struct date *d)
{
  d->hour = take_digits(c, 2);
  if (d->hour < 0 || !take_text(c, ":"))
    return 0;
  d->minute = take_digits(c, 2);
  if (d->minute < 0 || !take_text(c, ":"))
    return 0;
  d->second = take_digits(c, 2);
  return d->second >= 0;
}

/* " 06 Nov 1994 08:49:37 GMT", behind "Sun," */
static int take_fixdate(struct cursor *c, struct date *d)
{
  d->day = take_digits(c, 2);
  if (!take_text(c, " "))
    return 0;
  d->month = take_month(c);
  if (!take_text(c, " "))
    return 0;
  d->year = take_digits(c, 4);
  return take_text(c, " ") && take_clock(c, d) && take_text(c, " GMT");
}

/* " 06-Nov-94 08:49:37 GMT", behind "Sunday," */
static int take_rfc850(struct cursor *c, struct date *d)
{
  d->day = take_digits(c, 2);
  if (!take_text(c, "-"))
    return 0;
  d->month = take_month(c);
  if (!take_text(c, "-"))
    return 0;
  d->year = take_digits(c, 2);
  if (d->year >= 0)
    /* Two digits: as POSIX reads them, near enough for a server that still
       writes so. */
    d->year += d->year < 70 ? 2000 : 1900;
  return take_text(c, " ") && take_clock(c, d) && take_text(c, " GMT");
}

/* " Nov  6 08:49:37 1994", behind "Sun" */
static int take_asctime(struct cursor *c, struct date *d)
{
  d->month = take_month(c);
  if (!take_text(c, " "))
    return 0;
  d->day = take_text(c, " ") ? take_digits(c, 1) : take_digits(c, 2);
  if (!take_text(c, " ") || !take_clock(c, d) || !take_text(c, " "))
    return 0;
  d->year = take_digits(c, 4);
  return 1;
}

static int read_date(struct cursor *c, struct date *d)
{
  static const char *const days[] = { "Sunday",    "Monday",   "Tuesday",
                                      "Wednesday", "Thursday", "Friday",
                                      "Saturday" };
  size_t i;
  for (i = 0; i < 7; i++) {
    char brief[4];
    if (take_text(c, days[i]))
      return take_text(c, ", ") && take_rfc850(c, d);
    memcpy(brief, days[i], 3);
    brief[3] = '\0';
    if (take_text(c, brief)) {
      if (take_text(c, ", "))
        return take_fixdate(c, d);
      return take_text(c, " ") && take_asctime(c, d);
    }
  }
  return 0;
}

static int is_leap(int year)
{
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Before 1970 there is no HTTP; 30 February would silently be a day in
   March. */
static int is_real(const struct date *d)
{
  static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  int last;
  if (d->year < 1970 || d->month < 1)
    return 0;
  last = days[d->month - 1] + (d->month == 2 && is_leap(d->year));
  return d->day >= 1 && d->day <= last && d->hour < 24 && d->minute < 60
         && d->second <= 60;
}

/* Counted here: timegm is not in every C library, and mktime goes by the
   process's time zone. */
static double unix_time(const struct date *d)
{
  static const int before[] = { 0,   31,  59,  90,  120, 151,
                                181, 212, 243, 273, 304, 334 };
  int past = d->year - 1; /* whole years behind us */
  int days = past * 365 + past / 4 - past / 100 + past / 400
             - 719162 /* to 1970-01-01 */
             + before[d->month - 1] + (d->month > 2 && is_leap(d->year))
             + d->day - 1;
  return days * 86400.0 + d->hour * 3600.0 + d->minute * 60.0 + d->second;
}

double etoro_http_date(const char *text, size_t n)
{
  struct cursor c;
  struct date d = { 0, 0, 0, 0, 0, 0 };
  c.text = text;
  c.n = n;
  if (!read_date(&c, &d) || c.n || !is_real(&d))
    return -1.0;
  return unix_time(&d);
}

/* A moment that is over asks for no wait. */
static double span(double from, double to)
{
  return to > from ? to - from : 0.0;
}

static double retry_after(const struct etoro_header *f, double now)
{
  double v = whole_number(f->value, f->value_len);
  if (v >= 0 || !f->value_len)
    return v;
  v = etoro_http_date(f->value, f->value_len);
  return v < 0 ? v : span(now, v);
}

static double reset_span(const struct etoro_header *f, double now)
{
  /* Some servers write the seconds that are left, some the moment: no window
     is thirty years long. */
  double v = first_number(f);
  if (v > 1e11)
    return -1.0; /* neither a span nor a Unix time in seconds */
  return v > 1e9 ? span(now, v) : v;
}

/* The fields that limits are read from, in one walk over the block. */
enum slot {
  DATE,
  RETRY_AFTER,
  LIMIT,
  REMAINING,
  RESET,
  POLICY,
  X_LIMIT,
  X_REMAINING,
  X_RESET,
  SLOTS
};

static void collect(const char *block, size_t n,
                    struct etoro_header found[SLOTS])
{
  static const char *const names[SLOTS] = { "date",
                                            "retry-after",
                                            "ratelimit-limit",
                                            "ratelimit-remaining",
                                            "ratelimit-reset",
                                            "ratelimit-policy",
                                            "x-ratelimit-limit",
                                            "x-ratelimit-remaining",
                                            "x-ratelimit-reset" };
  struct etoro_header field;
  const char *line;
  size_t at = 0, size = 0, i;
  memset(found, 0, SLOTS * sizeof *found);
  while ((line = take_line(block, n, &at, &size)) != NULL) {
    char first = size ? etoro_lower(*line) : '\0';
    if (first != 'd' && first != 'r' && first != 'x')
      continue; /* most lines */
    if (!take_field(line, size, &field))
      continue;
    for (i = 0; i < SLOTS; i++) {
      if (*names[i] == first && strlen(names[i]) == field.name_len
          && is_same(names[i], field.name, field.name_len))
        found[i] = field;
    }
  }
}

void etoro_headers_limits(const char *block, size_t n, double now,
                          struct etoro_limits *out)
{
  struct etoro_header f[SLOTS];
  collect(block, n, f); /* what is absent is empty, and reads as -1 */
  if (f[RETRY_AFTER].value_len || f[RESET].value_len || f[X_RESET].value_len) {
    double date = etoro_http_date(f[DATE].value, f[DATE].value_len);
    if (date >= 0)
      now = date; /* spans are the server's, and so is the clock for them */
  }
  out->retry_after = retry_after(&f[RETRY_AFTER], now);
  out->limit = first_number(&f[LIMIT]);
  if (out->limit < 0)
    out->limit = first_number(&f[X_LIMIT]);
  out->remaining = first_number(&f[REMAINING]);
  if (out->remaining < 0)
    out->remaining = first_number(&f[X_REMAINING]);
  out->reset = reset_span(&f[RESET], now);
  if (out->reset < 0)
    out->reset = reset_span(&f[X_RESET], now);
  out->window = policy_window(&f[POLICY]);
}
