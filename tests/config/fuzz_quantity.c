/* Any text as a quantity of any kind and as a range of names; the first byte says which. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "config/quantity.h"
#include "config/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read and is shown reads back the same. */
static void check_whole(enum setting_kind kind, int64_t whole)
{
    char text[128];
    union amount again = {0};

    amount_show(kind, (double)whole, text, sizeof text);
    if (whole < INT64_C(1) << 49 &&
        whole > -(INT64_C(1) << 49)) /* a double holds it, and two decimals */
        assert(amount_parse(kind, text, &again, NULL) && again.whole == whole);
}

static void check_range(const char *text)
{
    struct arena arena = {0};
    struct range range = {0};
    uint32_t count = 0;

    if (range_count(text, &count, NULL) && count <= 1000) {
        bool ok = range_expand(text, &arena, &range, NULL);

        assert(ok && range.count == count);
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[256];
    char suggestion[64];
    union amount amount = {0};
    struct error err = {0};
    enum setting_kind kind = KIND_TEXT;

    if (size < 1 || size >= sizeof text)
        return 0;
    kind = (enum setting_kind)(data[0] % (KIND_MEASURE + 1));
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    check_range(text);
    if (!amount_kind(kind))
        return 0;
    (void)amount_suggest(kind, text, suggestion, sizeof suggestion);
    if (!amount_parse(kind, text, &amount, &err))
        assert(err.expected[0] != '\0');
    else if (kind == KIND_POWER || kind == KIND_DURATION || kind == KIND_WEEKDAYS ||
             kind == KIND_SHARE)
        check_whole(kind, amount.whole);
    return 0;
}
