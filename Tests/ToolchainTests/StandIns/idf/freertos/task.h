// What the core under ESP-IDF uses of FreeRTOS's tasks, declared only.
#pragma once
#include <freertos/FreeRTOS.h>

extern "C" {
void vTaskDelay(TickType_t ticks);
void vPortYield(void);
}
#define taskYIELD() vPortYield()
