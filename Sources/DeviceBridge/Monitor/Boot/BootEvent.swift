// The boot ROM's banner: which chip, why it was reset, how it starts.

/// A start of the board.
public struct BootEvent: Equatable, Sendable {
    /// The reset code, `0x1` for power on.
    public var code: Int
    /// The reset's name as the ROM prints it.
    public var reset: String
    /// The boot mode's name, `SPI_FAST_FLASH_BOOT`.
    public var mode: String
    /// The strapping value before the name.
    public var strapping: Int
    /// The chip, `esp32`, where the banner tells.
    public var chip: String?
    /// The number of the line that carried it.
    public var line: Int

    /// What kind of reset it was.
    public var kind: ResetKind { ResetKind(code: code, chip: chip) }
    /// Whether the ROM waits for a download instead of starting the firmware.
    public var isDownload: Bool { mode.hasPrefix("DOWNLOAD") }
}

/// Finds banners in lines.
struct BootParser: Equatable, Sendable {
    private var chip: String?
    private var sawBuildLine = false
    /// Where the program was when a watchdog or lockup ended it, as the ROM of newer chips prints it.
    private(set) var savedPC: UInt32?

    /// A line `rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)`; other banner lines are remembered.
    mutating func take(_ line: MonitorLine) -> BootEvent? {
        if let start = line.bytes.position(of: "ESP-ROM:") {
            let name = line.bytes[(start + 8)...].prefix { $0.isDigit || $0.isLetter }
            chip = String(decoding: name, as: UTF8.self)
        } else if line.bytes.starts(with: "ets J".utf8) {
            chip = "esp32"
        } else if line.bytes.starts(with: "Build:".utf8) {
            sawBuildLine = true
        }
        defer {
            // On the line after the banner, or behind it where lines were glued.
            if let start = line.bytes.position(of: "Saved PC:") {
                var scan = ByteScanner(line.bytes, at: start + 9)
                savedPC = scan.hexadecimal()
            }
        }
        guard let start = line.bytes.position(of: "rst:0x") else { return nil }
        var scan = ByteScanner(line.bytes, at: start + 4)
        guard let code = scan.hexadecimal(), let reset = Self.name(&scan) else { return nil }
        var event = BootEvent(
            code: Int(code), reset: reset, mode: "", strapping: 0, chip: chip ?? guessedChip(reset), line: line.number)
        _ = scan.take(",")
        scan.skipSpaces()
        if scan.take("boot:"), let strapping = scan.hexadecimal() {
            event.strapping = Int(strapping)
            event.mode = Self.name(&scan) ?? ""
        }
        savedPC = nil
        sawBuildLine = false
        return event
    }

    /// The chip when no line named it: only the ESP32's ROM writes the names out.
    private func guessedChip(_ reset: String) -> String? {
        !sawBuildLine && reset.hasSuffix("_RESET") ? "esp32" : nil
    }

    /// ` (NAME)`, which may itself hold parentheses: `DOWNLOAD(USB/UART0)`.
    private static func name(_ scan: inout ByteScanner) -> String? {
        scan.skipSpaces()
        guard scan.take("(") else { return nil }
        let start = scan.at
        var depth = 1
        while let byte = scan.peek(), scan.at - start < 80 {
            scan.at += 1
            if byte == 0x28 { depth += 1 }
            if byte == 0x29 { depth -= 1 }
            if depth == 0 { return String(decoding: scan.bytes[start..<scan.at - 1], as: UTF8.self) }
        }
        return String(decoding: scan.bytes[start..<scan.at], as: UTF8.self)
    }
}
