#include "platform/mqtt_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mqtt_entry *entry(const char *topic, const char *payload)
{
    struct mqtt_entry *made = mqtt_entry_make(topic, strlen(topic), payload, strlen(payload));

    assert_non_null(made);
    return made;
}

static void messages_leave_in_the_order_in_which_they_came(void **state)
{
    struct mqtt_queue queue = {.messages_max = 10, .bytes_max = 10000};
    const char *const payloads[] = {"one", "", "three"};

    (void)state;
    for (size_t i = 0; i < COUNT(payloads); i++)
        mqtt_queue_put(&queue, entry("t/x", payloads[i]));
    for (size_t i = 0; i < COUNT(payloads); i++) {
        struct mqtt_entry *taken = mqtt_queue_take(&queue);

        assert_string_equal(mqtt_entry_topic(taken), "t/x");
        assert_int_equal(taken->length, strlen(payloads[i]));
        assert_memory_equal(mqtt_entry_payload(taken), payloads[i], taken->length);
        free(taken);
    }
    assert_null(mqtt_queue_take(&queue));
    assert_int_equal(queue.bytes, 0);
}

static void it_is_full_by_number_and_by_bytes(void **state)
{
    struct mqtt_queue by_number = {.messages_max = 1, .bytes_max = 10000};
    struct mqtt_queue by_bytes = {.messages_max = 1000, .bytes_max = 2 * sizeof(struct mqtt_entry)};
    struct mqtt_entry *more = entry("t", "more");

    (void)state;
    mqtt_queue_put(&by_number, entry("t", "x"));
    assert_true(mqtt_queue_full_for(&by_number, more));
    assert_false(mqtt_queue_full_for(&by_bytes, more));
    mqtt_queue_put(&by_bytes, entry("t", "x"));
    assert_true(mqtt_queue_full_for(&by_bytes, more));
    free(more);
    assert_int_equal(mqtt_queue_clear(&by_number), 1);
    assert_int_equal(mqtt_queue_clear(&by_bytes), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_leave_in_the_order_in_which_they_came),
        cmocka_unit_test(it_is_full_by_number_and_by_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
