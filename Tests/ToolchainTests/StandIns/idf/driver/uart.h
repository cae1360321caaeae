// What the core under ESP-IDF uses of the UART driver, declared only.
#pragma once
#include <freertos/FreeRTOS.h>
#include <stddef.h>
#include <stdint.h>

typedef int esp_err_t;
typedef enum { UART_NUM_0, UART_NUM_1 } uart_port_t;
#ifdef __cplusplus
extern "C" {
#endif
bool uart_is_driver_installed(uart_port_t);
esp_err_t uart_driver_install(uart_port_t, int rx, int tx, int queue, void *handle, int flags);
int uart_read_bytes(uart_port_t, void *bytes, uint32_t count, TickType_t wait);
int uart_write_bytes(uart_port_t, const void *bytes, size_t count);
esp_err_t uart_wait_tx_done(uart_port_t, TickType_t wait);
esp_err_t uart_get_buffered_data_len(uart_port_t, size_t *count);
#ifdef __cplusplus
}
#endif
