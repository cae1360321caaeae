// Images are byte for byte those of esptool: hand-made layouts that reach each rule, hundreds of random ones, and
// programs that a compiler made.

import Crypto
import ESPImage
import Foundation
import SystemPackage
import TestSupport
import Testing

/// An ELF file and how an image is to be made of it.
struct ImageCase: Sendable {
    var name: String
    var chip: Chip
    var elf: [UInt8]
    var mode: FlashMode = .qio
    var frequency: String?
    var size: FlashSize = .oneMegabyte
    var minimumRevision: UInt16 = 0
    var maximumRevision: UInt16 = 65535
    var digestOffset: Int?
    var usesSegments = false

    init(_ name: String, _ chip: Chip, _ builder: ELFBuilder) {
        self.name = name
        self.chip = chip
        var builder = builder
        builder.machine = chip.architecture.rawValue
        elf = builder.bytes()
    }

    init(_ name: String, _ chip: Chip, elf: [UInt8]) {
        self.name = name
        self.chip = chip
        self.elf = elf
    }

    func changed(_ change: (inout ImageCase) -> Void) -> ImageCase {
        var copy = self
        change(&copy)
        return copy
    }

    /// The same choices as esptool's keyword arguments.
    var peerOptions: String {
        var fields = [
            "\"chip\":\"\(chip.name)\"", "\"flash_mode\":\"\(mode.rawValue)\"", "\"flash_size\":\"\(size.name)\"",
            "\"min_rev_full\":\(minimumRevision)", "\"max_rev_full\":\(maximumRevision)",
            "\"use_segments\":\(usesSegments)",
        ]
        if let frequency { fields.append("\"flash_freq\":\"\(frequency)\"") }
        if let digestOffset { fields.append("\"elf_sha256_offset\":\(digestOffset)") }
        return "{" + fields.joined(separator: ",") + "}"
    }

    func made() throws(ESPImageError) -> FirmwareImage {
        var options = FirmwareImage.Options()
        options.flashMode = mode
        if let frequency { options.flashFrequency = try chip.flashFrequency(named: frequency) }
        options.flashSize = size
        options.minimumRevision = minimumRevision
        options.maximumRevision = maximumRevision
        options.elfDigestOffset = digestOffset
        options.source = usesSegments ? .programHeaders : .sections
        return try FirmwareImage(elf: try ELFFile(elf), chip: chip, options: options)
    }

    /// What differs between esptool's verdict and ours, or nil.
    func difference(from peer: PeerVerdict) -> String? {
        let ours: FirmwareImage
        do {
            ours = try made()
        } catch {
            guard case .made(let bytes) = peer else { return nil }
            return isOurOwnRule(error, bytes) ? nil : "\(name): only we refuse: \(error.message)"
        }
        switch peer {
        case .made(let bytes): return ours.bytes == bytes ? nil : "\(name): \(firstDifference(ours.bytes, bytes))"
        case .refused(let text): return "\(name): only esptool refuses: \(text)"
        case .crashed(let text):
            // Where the gap is just a segment header, esptool fails its own assertion; an empty segment fills it.
            let fills = ours.segments.contains { $0.isPadding && $0.size == 0 }
            return text.contains("AssertionError") && fills ? nil : "\(name): only esptool crashes: \(text)"
        }
    }

    /// The cases in which esptool makes an image that does not run, or silently ignores what was asked for.
    private func isOurOwnRule(_ error: ESPImageError, _ bytes: [UInt8]) -> Bool {
        switch error {
        case .imageInvalid(.tooManySegments): bytes[1] > 16
        case .imageInvalid(.digestPlaceOutside):
            !Array(bytes.dropLast(32)).containsSequence(Array(SHA256.hash(data: elf)))
        case .elfInvalid(.nothingToLoad): bytes[1] == 0
        case .elfInvalid(.addressWraps(_, let address, let size)): Int(address) + size > 1 << 32
        case _: false
        }
    }

    private func firstDifference(_ ours: [UInt8], _ theirs: [UInt8]) -> String {
        let index = zip(ours, theirs).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? -1
        return "\(ours.count) bytes, esptool \(theirs.count); first difference at \(index)"
    }
}

extension Array where Element == UInt8 {
    func containsSequence(_ other: [UInt8]) -> Bool {
        guard count >= other.count else { return false }
        return (0...count - other.count).contains {
            self[$0] == other[0] && Array(self[$0..<$0 + other.count]) == other
        }
    }
}

@Suite("Image parity with esptool")
struct ImageParityTests {
    // Skipped where the peers' Python environment (make peers) is absent.
    @Test("Hand-made layouts give esptool's bytes", .enabled(if: EsptoolPeer.isThere))
    func directed() async throws {
        try await compare(ImageCases.directed, leastEqual: ImageCases.directed.count / 2)
    }

    // Skipped where the peers' Python environment (make peers) is absent.
    @Test("Random layouts give esptool's bytes", .enabled(if: EsptoolPeer.isThere), arguments: 0..<4)
    func random(batch: Int) async throws {
        var generator = SeededGenerator(UInt64(0xE5B0 + batch))
        let cases = (0..<120).map { ImageCases.random("random \(batch).\($0)", &generator) }
        try await compare(cases, leastEqual: 60)
    }

    // Skipped where the peers' Python environment (make peers) is absent.
    @Test(
        "Sections that touch at a border of memory are joined as esptool joins them", .enabled(if: EsptoolPeer.isThere))
    func borders() async throws {
        let maps = try await EsptoolPeer.run("map", Chip.all.map { ("{\"chip\":\"\($0.name)\"}", []) })
        var cases: [ImageCase] = []
        for (chip, verdict) in zip(Chip.all, maps) {
            guard case .made(let json) = verdict else {
                Issue.record("\(chip.name): \(verdict)")
                continue
            }
            for border in try JSONDecoder().decode([UInt32].self, from: Data(json)) where border >= 32 {
                let before = border & ~15
                let elf = ELFBuilder().with(".a", at: before - 16, ImageCases.pattern(Int(border - before) + 16))
                    .with(".b", at: border, ImageCases.pattern(16))
                cases.append(ImageCase("border \(border) of \(chip.name)", chip, elf))
            }
        }
        try await compare(cases, leastEqual: 150)
    }

    // Skipped where the compiler or the peers' Python environment is absent.
    @Test(
        "Compiled programs give esptool's bytes",
        .enabled(if: EsptoolPeer.isThere && Peers.program("xtensa-lx106-elf-gcc") != nil))
    func compiled() async throws {
        let cases = try await ImageCases.compiled()
        try await compare(cases, leastEqual: cases.count)
    }

    private func compare(_ cases: [ImageCase], leastEqual: Int) async throws {
        let verdicts = try await EsptoolPeer.run("make", cases.map { ($0.peerOptions, $0.elf) })
        #expect(verdicts.count == cases.count)
        var equal = 0
        for (item, verdict) in zip(cases, verdicts) {
            let difference = item.difference(from: verdict)
            #expect(difference == nil)
            if case .made = verdict, difference == nil { equal += 1 }
        }
        #expect(equal >= leastEqual, "only \(equal) of \(cases.count) could be compared")
    }
}
