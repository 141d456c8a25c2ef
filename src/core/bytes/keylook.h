/* What a key looks like, for those who copied it: nothing of it is told. */
#ifndef ETORO_KEYLOOK_H
#define ETORO_KEYLOOK_H

#include <stddef.h>

/* One of these words, NULL where there is no memory:
     "labelled"  what stands before it was copied, too: "API key: abc"
     "quoted"    quotes were
     "blank"     it has a blank in it
     "odd"       it has a byte that no key has
     "user_key"  base64url of a JSON object, as user keys are
     "cut"       the same, which ends before the object does
     "plain"     nothing of these */
const char *etoro_key_look(const char *text, size_t n);

#endif
