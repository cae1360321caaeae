// A program that fails some calls deep: C and C++ functions, an array on the stack, one function inlined into another.
#include "helper.h"

namespace net {
struct Model {
    int state;
    Model(int s);
    int predict(int x);
    int layer(int x, volatile int *at);
};

__attribute__((noinline)) Model::Model(int s) : state(s) {}

__attribute__((noinline)) int Model::layer(int x, volatile int *at) {
    volatile int room[40];
    for (int i = 0; i < 40; i++) room[i] = x;
    *at = room[x & 7];
    return helped(room[3]) + state;
}

__attribute__((noinline)) int Model::predict(int x) {
    int sum = 0;
    for (int i = 0; i < x; i++)
        sum += helped(i) * layer(i + x, (volatile int *)(i < 3 ? &state : (int *)0x10));
    return sum;
}
}

namespace {
__attribute__((noinline)) int hidden(net::Model &model, int x) { return model.predict(x) - 1; }
}

static inline __attribute__((always_inline)) int inlined(net::Model &model, int x) {
    int first = hidden(model, x);
    return first * 3;
}

extern "C" __attribute__((noinline)) int plain(int x) {
    net::Model model(x);
    int a = inlined(model, x);
    return a + helped(x);
}

extern "C" int app_main(int x) {
    volatile int y = plain(x);
    return y + plain(y);
}
