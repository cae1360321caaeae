/* Quicksort, heap sort and insertion sort over the same numbers, through function pointers for the order. */

#include "programs.h"

#define COUNT 300

typedef int order_t(int32_t, int32_t);

static int ascending(int32_t a, int32_t b) { return a < b; }
static int descending(int32_t a, int32_t b) { return b < a; }
static int by_low_bits(int32_t a, int32_t b) { return (uint32_t)a % 251 < (uint32_t)b % 251; }

static void swap(int32_t *a, int32_t *b) {
    int32_t kept = *a;
    *a = *b;
    *b = kept;
}

static void quicksort(int32_t *values, int low, int high, order_t *before) {
    if (low >= high) return;
    int32_t pivot = values[low + (high - low) / 2];
    int left = low, right = high;
    while (left <= right) {
        while (before(values[left], pivot)) left++;
        while (before(pivot, values[right])) right--;
        if (left <= right) swap(&values[left++], &values[right--]);
    }
    quicksort(values, low, right, before);
    quicksort(values, left, high, before);
}

static void sift(int32_t *values, int root, int count) {
    for (;;) {
        int child = 2 * root + 1;
        if (child >= count) return;
        if (child + 1 < count && values[child] < values[child + 1]) child++;
        if (values[root] >= values[child]) return;
        swap(&values[root], &values[child]);
        root = child;
    }
}

static void heapsort(int32_t *values, int count) {
    for (int root = count / 2; root-- > 0;) sift(values, root, count);
    for (int end = count; --end > 0;) {
        swap(&values[0], &values[end]);
        sift(values, 0, end);
    }
}

static uint32_t digest(const int32_t *values) {
    uint32_t sum = 0;
    for (int index = 0; index < COUNT; index++) sum = sum * 31 + (uint32_t)values[index];
    return sum;
}

void sorting(uint32_t *results) {
    static int32_t values[COUNT];
    static order_t *const orders[] = {ascending, descending, by_low_bits};
    uint32_t state = 7;
    for (int round = 0; round < 4; round++) {
        for (int index = 0; index < COUNT; index++) values[index] = (int32_t)next_random(&state);
        if (round < 3)
            quicksort(values, 0, COUNT - 1, orders[round]);
        else
            heapsort(values, COUNT);
        *results++ = digest(values);
        *results++ = (uint32_t)values[0];
        *results++ = (uint32_t)values[COUNT - 1];
    }
    for (int index = 1; index < COUNT; index++) {
        int32_t value = values[index] ^ 0x5A5A;
        int place = index;
        for (; place > 0 && values[place - 1] > value; place--) values[place] = values[place - 1];
        values[place] = value;
    }
    *results = digest(values);
}
