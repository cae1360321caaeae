// Time, pins and random numbers under ESP-IDF, and the task that runs the sketch.

#include "Arduino.h"

#include <driver/gpio.h>
#include <esp_random.h>
#include <esp_timer.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>

void serial_start();

unsigned long micros(void) {
    return (unsigned long)esp_timer_get_time();
}

unsigned long millis(void) {
    return (unsigned long)(esp_timer_get_time() / 1000);
}

void delay(uint32_t milliseconds) {
    vTaskDelay(pdMS_TO_TICKS(milliseconds));
}

void delayMicroseconds(uint32_t microseconds) {
    int64_t end = esp_timer_get_time() + microseconds;
    while (esp_timer_get_time() < end) {}
}

void yield(void) {
    taskYIELD();
}

void pinMode(uint8_t pin, uint8_t mode) {
    gpio_num_t number = (gpio_num_t)pin;
    gpio_reset_pin(number);
    gpio_set_direction(number, mode == OUTPUT ? GPIO_MODE_INPUT_OUTPUT : GPIO_MODE_INPUT);
    gpio_set_pull_mode(
        number, mode == INPUT_PULLUP ? GPIO_PULLUP_ONLY : mode == INPUT_PULLDOWN ? GPIO_PULLDOWN_ONLY : GPIO_FLOATING);
}

void digitalWrite(uint8_t pin, uint8_t level) {
    gpio_set_level((gpio_num_t)pin, level != LOW);
}

int digitalRead(uint8_t pin) {
    return gpio_get_level((gpio_num_t)pin);
}

// The chip's generator until a seed asks for a repeatable sequence (xorshift32, as in the bare core).
static uint32_t random_state;

void randomSeed(unsigned long seed) {
    random_state = (uint32_t)seed;
}

static uint32_t next_random(void) {
    if (random_state == 0) return esp_random();
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

long random(long end) {
    return end <= 0 ? 0 : (long)(next_random() % (uint32_t)end);
}

long random(long start, long end) {
    return start >= end ? start : start + random(end - start);
}

extern "C" void app_main(void) {
    serial_start();
    setup();
    for (;;) {
        loop();
        // The idle task feeds the watchdog.
        vTaskDelay(1);
    }
}
