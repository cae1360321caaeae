static inline int helped(int x) {
    volatile int y = x;
    return y * 3;
}
