// The kinds of memory an address can be, as the field's tools name them. They overlap: one address may be DRAM and
// byte-accessible at once.

/// Kinds of memory at an address.
struct MemoryKind: OptionSet, Sendable {
    let rawValue: UInt32

    static let padding = MemoryKind(rawValue: 1 << 0)
    static let dataFlash = MemoryKind(rawValue: 1 << 1)
    static let externalRAM = MemoryKind(rawValue: 1 << 2)
    static let rtcData = MemoryKind(rawValue: 1 << 3)
    static let byteAccessible = MemoryKind(rawValue: 1 << 4)
    static let dataRAM = MemoryKind(rawValue: 1 << 5)
    static let dualDataRAM = MemoryKind(rawValue: 1 << 6)
    static let codeFlash = MemoryKind(rawValue: 1 << 7)
    static let cachePRO = MemoryKind(rawValue: 1 << 8)
    static let cacheAPP = MemoryKind(rawValue: 1 << 9)
    static let codeRAM = MemoryKind(rawValue: 1 << 10)
    static let dualCodeRAM = MemoryKind(rawValue: 1 << 11)
    static let rtcCode = MemoryKind(rawValue: 1 << 12)
    static let rtcSlow = MemoryKind(rawValue: 1 << 13)
    static let internalRAM = MemoryKind(rawValue: 1 << 14)
    static let maskROM = MemoryKind(rawValue: 1 << 15)
    static let maskROMData = MemoryKind(rawValue: 1 << 16)
}

/// A range of addresses and what lies there.
struct MemoryRange: Sendable {
    let range: Range<UInt32>
    let kind: MemoryKind

    init(_ start: UInt32, _ end: UInt32, _ kind: MemoryKind) {
        range = start..<end
        self.kind = kind
    }
}
