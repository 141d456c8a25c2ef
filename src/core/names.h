/* Values that have a name as text too: an enumeration and its texts are both
   made from one list, so that they cannot come apart. A list is a macro that
   takes another one and calls it with each name and text:

     #define COLOURS(X) X(RED, "red") X(BLUE, "blue")
     enum colour { COLOURS(COLOUR_NAME) };
     static const char *const texts[] = { COLOURS(ETORO_TEXT) }; */
#ifndef ETORO_NAMES_H
#define ETORO_NAMES_H

#define ETORO_TEXT(name, text) text,

#endif
