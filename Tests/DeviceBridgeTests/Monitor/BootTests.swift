// Banners of the boot ROM, and what restarts add up to.

import DeviceBridge
import Testing

@Suite("Boots and reboots")
struct BootTests {
    @Test(
        "The banner tells chip, reset and mode",
        arguments: [
            (
                "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)", 1, "POWERON_RESET", "SPI_FAST_FLASH_BOOT",
                "esp32"
            ),
            (
                "rst:0x10 (RTCWDT_RTC_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))", 16,
                "RTCWDT_RTC_RESET", "DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2)", "esp32"
            ),
            (
                "ESP-ROM:esp32s3-20210327\nBuild:Mar 27 2021\nrst:0x3 (RTC_SW_SYS_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)",
                3, "RTC_SW_SYS_RST", "SPI_FAST_FLASH_BOOT", "esp32s3"
            ),
            (
                "ESP-ROM:esp32c3-api1-20210207\nBuild:Feb  7 2021\nrst:0x15 (USB_UART_CHIP_RESET),boot:0x7 (DOWNLOAD(USB/UART0/1))",
                0x15, "USB_UART_CHIP_RESET", "DOWNLOAD(USB/UART0/1)", "esp32c3"
            ),
            (
                "noise ESP-ROM:esp32c6-20220919 Build:Sep 19 2022 rst:0x1 (POWERON),boot:0xc (SPI_FAST_FLASH_BOOT)", 1,
                "POWERON", "SPI_FAST_FLASH_BOOT", "esp32c6"
            ),
            (
                "Build:Oct 25 2019\nrst:0xf (BROWN_OUT_RST),boot:0xa (SPI_FAST_FLASH_BOOT)", 15, "BROWN_OUT_RST",
                "SPI_FAST_FLASH_BOOT", nil
            ),
        ] as [(String, Int, String, String, String?)])
    func banners(text: String, code: Int, reset: String, mode: String, chip: String?) {
        let boots = monitor(Array(text.utf8)).events.boots
        #expect(boots.count == 1)
        #expect(boots.first?.code == code)
        #expect(boots.first?.reset == reset)
        #expect(boots.first?.mode == mode)
        #expect(boots.first?.chip == chip)
    }

    private static func restart(_ code: String, _ name: String, at time: String = "") -> String {
        "\(time)ets Jul 29 2019 12:21:46\n\(time)rst:0x\(code) (\(name)),boot:0x13 (SPI_FAST_FLASH_BOOT)\n\(time)entry 0x400805e4\n"
    }

    private static func count(_ text: String) -> Int? {
        monitor(Array(text.utf8)).diagnoses.first { $0.code == .rebootLoop }?.details["count"]?.number
    }

    @Test("Restarts of the firmware's own are counted; power, waking and the host do not count")
    func loops() {
        let software = Self.restart("c", "SW_CPU_RESET"), power = Self.restart("1", "POWERON_RESET")
        let wake = Self.restart("5", "DEEPSLEEP_RESET"), usb = Self.restart("15", "USB_UART_CHIP_RESET")
        let crash = "Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.\nRebooting...\n"
        #expect(Self.count(power) == nil)
        #expect(Self.count(software) == nil)
        #expect(Self.count(software + software) == 2)
        #expect(Self.count(power + crash + software + crash + software + crash + software) == 3)
        #expect(Self.count(wake + wake + wake) == nil)
        #expect(Self.count(usb + usb + usb + usb) == nil)
        #expect(Self.count(software + usb + software) == nil)
        #expect(Self.count(software + "predicted: 0.5\n" + software) == nil)
        #expect(Self.count(power + power) == nil)
    }

    @Test("A loop has a period where the log has a clock, also across midnight")
    func period() {
        let text =
            Self.restart("c", "SW_CPU_RESET", at: "23:59:58.500 -> ")
            + Self.restart("c", "SW_CPU_RESET", at: "23:59:59.500 -> ")
            + Self.restart("c", "SW_CPU_RESET", at: "00:00:00.500 -> ")
        let loop = monitor(Array(text.utf8)).diagnoses.first { $0.code == .rebootLoop }
        #expect(loop?.details["period_ms"] == .number(1000))
        #expect(loop?.details["count"] == .number(3))
        #expect(loop?.severity == .error)
    }

    @Test("Two software restarts long apart are no loop")
    func farApart() {
        #expect(
            Self.count(
                Self.restart("c", "SW_CPU_RESET", at: "10:00:00.000 -> ")
                    + Self.restart("c", "SW_CPU_RESET", at: "10:10:00.000 -> ")) == nil)
        let busy = (0..<200).map { "working on \($0)\n" }.joined()
        #expect(Self.count(Self.restart("c", "SW_CPU_RESET") + busy + Self.restart("c", "SW_CPU_RESET")) == nil)
    }

    @Test("A board that the caller sent into its loader is not sick for waiting there")
    func loader() {
        let waiting =
            "rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\nwaiting for download\n"
        var machine = MonitorMachine()
        machine.hostResets(intoLoader: true)
        _ = machine.received(Array(waiting.utf8), at: 1)
        #expect(machine.diagnoses.map(\.severity) == [.info])
        _ = machine.received(Array(waiting.utf8), at: 2)
        #expect(machine.diagnoses.map(\.severity) == [.error])
    }

    @Test("A reset that the caller announced does not count")
    func hostResets() {
        var machine = MonitorMachine()
        let banner = Array(Self.restart("c", "SW_CPU_RESET").utf8)
        for _ in 0..<5 {
            machine.hostResets()
            _ = machine.received(banner, at: 5)
        }
        _ = machine.finished()
        #expect(machine.diagnoses.isEmpty)
    }

    @Test("A flasher's own reset is no watchdog's fault")
    func flasherResets() {
        let log =
            "esptool.py v4.7.0\nWriting at 0x00010000... (100 %)\nHash of data verified.\nLeaving...\nHard resetting via RTS pin...\n"
        let found = monitor(Array((log + Self.restart("10", "RTCWDT_RTC_RESET")).utf8)).diagnoses
        #expect(!found.contains { $0.severity == .error })
    }

    @Test("Power-on followed at once by the RTC watchdog is how some boards start")
    func powerOnThenWatchdog() {
        let log = SampleLog.banner + "\n" + Self.restart("10", "RTCWDT_RTC_RESET") + "predicted: 0.4\n"
        #expect(monitor(Array(log.utf8)).diagnoses.isEmpty)
    }

    @Test("A watchdog that says nothing is named with the place the ROM saved")
    func silentWatchdog() {
        let found = monitor(
            "I (400) app: running", "I (410) app: running", "I (420) app: running", "I (430) app: running",
            "ESP-ROM:esp32c5-eco2-20250121", "Build:Jan 21 2025",
            "rst:0x7 (TG0_WDT_HPSYS),boot:0x18 (SPI_FAST_FLASH_BOOT)",
            "Core0 Saved PC:0x40026d20"
        ).diagnoses
        #expect(found.map(\.code) == [.watchdogReset])
        #expect(found.first?.severity == .error)
        #expect(found.first?.details["pc"] == .address(0x4002_6d20))
    }

    @Test("A watchdog that only ends a panic is not named beside it")
    func watchdogAfterPanic() {
        let log = SampleLog.xtensaPanic + "\n" + Self.restart("8", "TG1WDT_SYS_RESET")
        #expect(monitor(Array(log.utf8)).diagnoses.map(\.code) == [.panic])
    }

    @Test("The first failure of a loop is told, not the last")
    func firstFailure() {
        let first =
            "assert failed: app_main main.c:10 (first)\nabort() was called at PC 0x400d0001 on core 0\nRebooting...\n"
        let later = "abort() was called at PC 0x400d9999 on core 1\nRebooting...\n"
        let restart = Self.restart("c", "SW_CPU_RESET")
        let found = monitor(Array((first + restart + later + restart + later + restart).utf8)).diagnoses
        #expect(found.first?.code == .abort)
        #expect(found.first?.details["pc"] == .address(0x400d_0001))
        #expect(found.last?.code == .rebootLoop)
        #expect(found.last?.details["cause"] == .text("abort"))
    }

    @Test("A board that waits for a download does not work; one that did and went on does")
    func downloadMode() {
        let waiting = Self.restart("1", "POWERON_RESET").replacing(
            "SPI_FAST_FLASH_BOOT", with: "DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2)")
        let stuck = monitor(Array((waiting + "waiting for download\n").utf8)).diagnoses
        #expect(stuck.map(\.code) == [.downloadMode])
        #expect(stuck.first?.severity == .error)
        let went = monitor(Array((waiting + "waiting for download\n" + SampleLog.healthy).utf8)).diagnoses
        #expect(went.map(\.severity) == [.info])
    }
}
