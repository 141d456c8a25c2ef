/* What the pushes of a price stream say. A push is JSON, and the content of its
   message is a text that is JSON in turn. */
#ifndef ETORO_PUSH_H
#define ETORO_PUSH_H

#include <stddef.h>

/* A part of a JSON text, without its quotes; n is 0 where there is none. */
struct etoro_span {
  const char *p;
  size_t n;
  int has_escapes;
};

struct etoro_push {
  struct etoro_span topic, type, content;
};

/* Reads a text with one message in it and nothing else; 0: it is another text,
   or it is broken. Behind the n bytes stands a zero byte. */
int etoro_push_read(struct etoro_push *out, const char *text, size_t n);

/* The number of an instrument's topic; 0: it is another topic. */
long etoro_push_instrument(const struct etoro_span *topic);

/* (constant, its name in a message, its name in a quote) */
#define ETORO_TICK_PRICES(X) \
  X(BID, "Bid", "bid") \
  X(ASK, "Ask", "ask") \
  X(LAST, "LastExecution", "last") \
  X(RATE_BID, "ConversionRateBid", "conversionRateBid") \
  X(RATE_ASK, "ConversionRateAsk", "conversionRateAsk") \
  X(DAILY_CLOSE, "DailyClose", "dailyClose") \
  X(CLOSING_PRICE, "OfficialClosingPrice", "officialClosingPrice") \
  X(MOST_UNITS, "MaxPositionUnits", "maxPositionUnits")
#define ETORO_TICK_FLAGS(X) \
  X(MARKET_OPEN, "IsMarketOpen", "isMarketOpen") \
  X(EXCHANGE_OPEN, "IsExchangeOpen", "isExchangeOpen") \
  X(ACTIVE, "IsInstrumentActive", "isActive") \
  X(ALLOW_BUY, "AllowBuy", "allowBuy") \
  X(ALLOW_SELL, "AllowSell", "allowSell")
#define ETORO_TICK_TEXTS(X) \
  X(DATE, "Date", "date") \
  X(RATE_ID, "PriceRateID", "priceRateID")

#define ETORO_TICK_CONSTANT(constant, name, own) ETORO_TICK_##constant,
enum etoro_tick_field {
  ETORO_TICK_PRICES(ETORO_TICK_CONSTANT)
  ETORO_TICK_FLAGS(ETORO_TICK_CONSTANT)
      ETORO_TICK_TEXTS(ETORO_TICK_CONSTANT) ETORO_TICK_FIELDS
};

enum etoro_tick_kind {
  ETORO_TICK_ABSENT,  /* unchanged */
  ETORO_TICK_IGNORED, /* it is there, and says nothing */
  ETORO_TICK_NONE,    /* a price of 0 or less: there is none */
  ETORO_TICK_NUMBER,
  ETORO_TICK_TRUE,
  ETORO_TICK_FALSE,
  ETORO_TICK_TEXT
};

struct etoro_tick_value {
  enum etoro_tick_kind kind;
  double number;
  struct etoro_span text;
};

/* The price that a message's content tells, by etoro_tick_field. */
struct etoro_tick {
  struct etoro_tick_value field[ETORO_TICK_FIELDS];
};

/* Reads the content of a message; 0: it is no object, or it is broken. Behind
   the n bytes stands a zero byte. */
int etoro_tick_read(struct etoro_tick *out, const char *text, size_t n);

/* 1 when a date is older than the n bytes of another. What is no date of UTC is
   neither. */
int etoro_tick_is_late(const struct etoro_span *date, const char *newest,
                       size_t n);

#endif
