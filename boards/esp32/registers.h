// The ESP32 registers this firmware touches, under the names of the ESP32 Technical Reference Manual
// (chapters: UART, IO_MUX and GPIO, Timer Group, RTC_CNTL, DPORT, Memory and cache). Only what is used is here.

#ifndef ESPMASK_REGISTERS_H
#define ESPMASK_REGISTERS_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))
#define BIT(number) (UINT32_C(1) << (number))

// UART0. The ROM leaves it at 115200 8N1, clocked by the APB clock.
#define UART_FIFO_REG REG(0x3FF40000)
#define UART_INT_ST_REG REG(0x3FF40008)
#define UART_INT_ENA_REG REG(0x3FF4000C)
#define UART_INT_CLR_REG REG(0x3FF40010)
#define UART_CLKDIV_REG REG(0x3FF40014)
#define UART_STATUS_REG REG(0x3FF4001C)
#define UART_CONF1_REG REG(0x3FF40024)
#define UART_RXFIFO_FULL_INT BIT(0)
#define UART_TXFIFO_EMPTY_INT BIT(1)
#define UART_RXFIFO_OVF_INT BIT(4)
#define UART_RXFIFO_CNT(status) ((status) & 0xFF)
#define UART_TXFIFO_CNT(status) (((status) >> 16) & 0xFF)
#define UART_ST_UTX_OUT(status) (((status) >> 24) & 0xF)
#define UART_RXFIFO_FULL_THRHD(bytes) (bytes)
#define UART_TXFIFO_EMPTY_THRHD(bytes) ((bytes) << 8)
#define UART_FIFO_BYTES 128

// GPIO and the pads' function registers.
#define GPIO_OUT_W1TS_REG REG(0x3FF44008)
#define GPIO_OUT_W1TC_REG REG(0x3FF4400C)
#define GPIO_OUT1_W1TS_REG REG(0x3FF44014)
#define GPIO_OUT1_W1TC_REG REG(0x3FF44018)
#define GPIO_ENABLE_W1TS_REG REG(0x3FF44024)
#define GPIO_ENABLE_W1TC_REG REG(0x3FF44028)
#define GPIO_ENABLE1_W1TS_REG REG(0x3FF44030)
#define GPIO_ENABLE1_W1TC_REG REG(0x3FF44034)
#define GPIO_IN_REG REG(0x3FF4403C)
#define GPIO_IN1_REG REG(0x3FF44040)
#define GPIO_FUNC_OUT_SEL_CFG_REG(pin) REG(0x3FF44530 + 4 * (pin))
#define GPIO_SIG_OUT 256
#define IO_MUX_REG(offset) REG(0x3FF49000 + (offset))
#define IO_MUX_FUN_WPD BIT(7)
#define IO_MUX_FUN_WPU BIT(8)
#define IO_MUX_FUN_IE BIT(9)
#define IO_MUX_FUN_DRV(strength) ((strength) << 10)
#define IO_MUX_MCU_SEL(function) ((function) << 12)
#define IO_MUX_FUNCTION_GPIO 2

// Watchdogs and reset. The ROM arms the RTC watchdog and timer group 0's for the time of flash boot.
#define RTC_CNTL_OPTIONS0_REG REG(0x3FF48000)
#define RTC_CNTL_SW_PROCPU_RST BIT(5)
#define RTC_CNTL_WDTCONFIG0_REG REG(0x3FF4808C)
#define RTC_CNTL_WDTWPROTECT_REG REG(0x3FF480A4)
#define TIMG_WDTCONFIG0_REG(group) REG(0x3FF5F048 + 0x1000 * (group))
#define TIMG_WDTWPROTECT_REG(group) REG(0x3FF5F064 + 0x1000 * (group))
#define WDT_WKEY UINT32_C(0x50D83AA1)

// DPORT: the PRO CPU's cache, its page table, its interrupt matrix.
#define DPORT_PRO_CACHE_CTRL_REG REG(0x3FF00040)
#define DPORT_PRO_CACHE_ENABLE BIT(3)
#define DPORT_PRO_CACHE_FLUSH_ENA BIT(4)
#define DPORT_PRO_CACHE_FLUSH_DONE BIT(5)
#define DPORT_PRO_CACHE_CTRL1_REG REG(0x3FF00044)
#define DPORT_PRO_CACHE_MASK_IROM0 BIT(2)
#define DPORT_PRO_CACHE_MASK_DROM0 BIT(4)
#define DPORT_PRO_FLASH_MMU_TABLE(entry) REG(0x3FF10000 + 4 * (entry))
#define DPORT_MMU_INVALID 256
#define DPORT_PRO_UART_INTR_MAP_REG REG(0x3FF0018C)

// The hardware random number generator.
#define RNG_DATA_REG REG(0x3FF75144)

// What the cache's page table maps: entries 0 to 63 are DROM0, 64 and up are the instruction bus from 0x40000000.
#define CACHE_PAGE_BYTES UINT32_C(0x10000)
#define DROM0_BASE UINT32_C(0x3F400000)
#define DROM0_END UINT32_C(0x3F800000)
#define IROM0_BASE UINT32_C(0x400D0000)
#define IROM0_END UINT32_C(0x40400000)
#define DROM0_ENTRY(address) (((address)-DROM0_BASE) / CACHE_PAGE_BYTES)
#define IROM0_ENTRY(address) (64 + ((address)-UINT32_C(0x40000000)) / CACHE_PAGE_BYTES)

// Memory the program may use.
#define IRAM_BASE UINT32_C(0x40080000)
#define IRAM_END UINT32_C(0x400A0000)
#define DRAM_BASE UINT32_C(0x3FFAE000)
#define DRAM_END UINT32_C(0x40000000)

// CPU interrupts (level 1): 6 is CCOMPARE0's own line, 5 is an external level-triggered line we give to UART0.
#define CPU_INTERRUPT_TIMER0 6
#define CPU_INTERRUPT_UART 5

// The clock the ROM leaves: the 40 MHz crystal.
#define CPU_CYCLES_PER_US UINT32_C(40)

#endif
