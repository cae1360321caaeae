// A download to RAM: where it goes, and whether what was downloaded is a flasher stub that esptool or espflash
// bring along. A stub is known by where it loads; its code is not looked at, and never run.

/// The generations of the flasher stub, which differ in a few answers.
enum StubGeneration: Equatable, Sendable {
    /// The stub written in the days of the ESP8266 (esptool's stub version 1, also espflash's).
    case legacy
    /// Its rewrite (esptool's stub version 2).
    case current
}

/// A download to RAM under way.
struct RAMDownload {
    /// Where one begin command put its bytes.
    private struct Segment {
        var start: UInt32
        var count: UInt32
    }

    private(set) var isActive = false
    private(set) var blockSize = 0
    private(set) var nextAddress: UInt32 = 0
    var nextSequence: UInt32 = 0
    /// What the stub expects still to come; the ROM does not count.
    private(set) var remaining: UInt32 = 0
    private var segments: [Segment] = []

    mutating func begin(size: UInt32, blockSize: Int, address: UInt32) {
        isActive = true
        self.blockSize = blockSize
        nextAddress = address
        nextSequence = 0
        remaining = size
        if segments.count == 64 { segments.removeFirst() }
        segments.append(Segment(start: address, count: 0))
    }

    mutating func stored(_ count: Int) {
        nextAddress &+= UInt32(count)
        remaining = remaining >= UInt32(count) ? remaining - UInt32(count) : 0
        if let last = segments.indices.last { segments[last].count &+= UInt32(count) }
    }

    mutating func end() { self = RAMDownload() }

    /// The stub that was downloaded and is entered at `entry`, nil for any other program.
    ///
    /// The load addresses are those of the stub images that esptool 5.6 carries for the ESP32.
    func stub(entry: UInt32) -> StubGeneration? {
        let hasData = segments.contains { (0x3FFD_E000..<0x3FFE_0000).contains($0.start) && $0.count > 0 }
        let text = segments.first { $0.start <= entry && entry - $0.start < $0.count }
        guard hasData, let text else { return nil }
        switch text.start {
        case 0x400B_E000: return .legacy
        case 0x400A_8000: return .current
        default: return nil
        }
    }
}
