// Images are read as esptool reads them, whole or damaged, and nothing that a file says can do harm.

import ESPImage
import Foundation
import TestSupport
import Testing

@Suite("Reading images")
struct ImageReadingTests {
    /// What both readers say of an image.
    private struct Reading: Codable, Equatable {
        var entry: UInt32
        var segments: [[Int]]
        var checksum: String
        var digest: String
    }

    // Skipped where the peers' Python environment (make peers) is absent.
    @Test("Segments, checksum and digest are what esptool reads", .enabled(if: EsptoolPeer.isThere))
    func likeEsptool() async throws {
        var generator = SeededGenerator(5)
        var images: [(chip: String, bytes: [UInt8])] = []
        for index in 0..<60 {
            let item = ImageCases.random("\(index)", &generator)
            guard let image = try? item.made() else { continue }
            images.append((item.chip.name, image.bytes))
            var damaged = image.bytes
            let place = Int.random(in: 24..<damaged.count, using: &generator)
            damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            images.append((item.chip.name, damaged))
            images.append((item.chip.name, damaged + [1, 2, 3]))
        }
        try #require(images.count > 60)
        let verdicts = try await EsptoolPeer.run(
            "info", images.map { ("{\"chip\":\"\($0.chip)\"}", $0.bytes) })
        for (image, verdict) in zip(images, verdicts) {
            let ours = try? FirmwareImage(parsing: image.bytes)
            guard case .made(let json) = verdict else {
                #expect(ours == nil, "only esptool refuses: \(verdict)")
                continue
            }
            let theirs = try JSONDecoder().decode(Reading.self, from: Data(json))
            #expect(ours.map(reading) == theirs)
        }
    }

    private func reading(_ image: FirmwareImage) -> Reading {
        Reading(
            entry: image.header.entry, segments: image.segments.map { [Int($0.address), $0.size, $0.offset] },
            checksum: image.checksum.rawValue, digest: image.digest.rawValue)
    }

    private static let sample: FirmwareImage = {
        let elf = ELFBuilder().with(".flash.appdesc", at: 0x3F40_0020, ImageCases.descriptor())
            .with(".flash.rodata", at: 0x3F40_0120, ImageCases.pattern(100))
            .with(".data", at: 0x3FFB_0000, ImageCases.pattern(40)).with(
                ".text", at: 0x400D_0020, ImageCases.pattern(64))
        guard let image = try? ImageCase("sample", .esp32, elf).made() else { fatalError("the sample cannot be made") }
        return image
    }()

    @Test("An image that was made reads back as itself")
    func roundTrip() throws {
        let image = try FirmwareImage(parsing: Self.sample.bytes)
        #expect(image == Self.sample)
        #expect(image.chip == .esp32)
        #expect(image.segments.first?.data.lowerBound == 32)
        #expect(image.contents(of: try #require(image.segments.first)).count == 356)
    }

    @Test("Bytes after the end of an image are left out")
    func trailing() throws {
        let image = try FirmwareImage(parsing: Self.sample.bytes + [UInt8](repeating: 0xFF, count: 5000))
        #expect(image == Self.sample)
    }

    @Test("The application descriptor is read")
    func descriptor() throws {
        let descriptor = try #require(Self.sample.applicationDescriptor)
        #expect(descriptor.project == "mask")
        #expect(descriptor.version == "1.2.3")
        #expect(descriptor.idfVersion == "v5.5")
        #expect(descriptor.time == "12:34:56")
        #expect(descriptor.date == "Nov 24 2026")
        #expect(descriptor.secureVersion == 7)
        #expect(descriptor.elfDigest.contains { $0 != 0 })
        let other = try ImageCase("plain", .esp32, ELFBuilder().with(".d", at: 0x3FFB_0000, [1, 2, 3, 4])).made()
        #expect(other.applicationDescriptor == nil)
    }

    @Test("The report has the documented keys and forms")
    func report() throws {
        let elf = ELFBuilder().with(".data", at: 0x3FFB_0000, ImageCases.pattern(40))
        let image = try ImageCase("report", .esp32, elf).made()
        let data = try JSONEncoder().encode(ImageReport(image))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["chip"] as? String == "esp32")
        #expect(object["entry"] as? String == "0x40080000")
        #expect(object["checksum"] as? String == "ok")
        #expect(object["digest"] as? String == "ok")
        #expect(object["flash_mode"] as? String == "qio")
        #expect(object["flash_freq"] as? String == "40m")
        #expect(object["flash_size"] as? String == "1MB")
        #expect(object["min_revision"] as? String == "v0.0")
        #expect(object["max_revision"] as? String == "v655.35")
        #expect(object["size"] as? Int == image.bytes.count)
        let segment = try #require((object["segments"] as? [[String: Any]])?.first)
        #expect(segment["address"] as? String == "0x3ffb0000")
        #expect(segment["size"] as? Int == 40)
        #expect(segment["offset"] as? Int == 24)
        #expect(object["app"] == nil)
        let app = ImageReport(Self.sample).app
        #expect(app?.project == "mask")
        #expect(app?.elf_sha256.count == 64)
    }

    @Test("A wrong bit is a verdict, not an error", arguments: [40, 100, 300])
    func wrongBit(offset: Int) throws {
        var bytes = Self.sample.bytes
        bytes[offset] ^= 4
        let image = try FirmwareImage(parsing: bytes)
        #expect(image.checksum == .bad)
        #expect(image.digest == .bad)
    }

    @Test("A wrong header bit spoils only the digest")
    func wrongHeaderBit() throws {
        var bytes = Self.sample.bytes
        bytes[2] = 2
        let image = try FirmwareImage(parsing: bytes)
        #expect(image.checksum == .ok)
        #expect(image.digest == .bad)
        bytes[23] = 0
        #expect(try FirmwareImage(parsing: bytes).digest == .absent)
    }

    @Test("Faults of the structure are named")
    func faults() throws {
        #expect(throws: ESPImageError.imageInvalid(.wrongMagic(nil))) { try FirmwareImage(parsing: []) }
        #expect(throws: ESPImageError.imageInvalid(.wrongMagic(0x7F))) { try FirmwareImage(parsing: [0x7F, 0x45]) }
        #expect(throws: ESPImageError.imageInvalid(.truncated(part: "header"))) { try FirmwareImage(parsing: [0xE9]) }
        var bytes = Self.sample.bytes
        bytes[1] = 17
        #expect(throws: ESPImageError.imageInvalid(.tooManySegments(count: 17))) { try FirmwareImage(parsing: bytes) }
        bytes[1] = 200
        #expect(throws: ESPImageError.imageInvalid(.tooManySegments(count: 200))) { try FirmwareImage(parsing: bytes) }
        bytes[23] = 2
        #expect(throws: ESPImageError.imageInvalid(.badDigestFlag(2))) { try FirmwareImage(parsing: bytes) }
        bytes = Self.sample.bytes
        bytes.replaceSubrange(28..<32, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(throws: ESPImageError.imageInvalid(.truncated(part: "segment 0"))) { try FirmwareImage(parsing: bytes) }
    }

    @Test("An image cut at any byte is refused, or its digest is bad")
    func truncation() throws {
        let elf = ELFBuilder().with(".data", at: 0x3FFB_0000, ImageCases.pattern(300))
        let bytes = try ImageCase("short", .esp32, elf).made().bytes
        for count in 0..<bytes.count {
            let image = try? FirmwareImage(parsing: Array(bytes[..<count]))
            #expect(image == nil || image?.digest == .bad, "cut at \(count)")
            #expect(image == nil || count >= bytes.count - 32)
        }
    }

    @Test("A random file never traps the reader", arguments: 0..<4)
    func mutation(seed: Int) {
        var generator = SeededGenerator(UInt64(seed))
        let original = Array(Self.sample.bytes.prefix(1000))
        for _ in 0..<2000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place =
                    generator.chance(70)
                    ? Int.random(in: 0..<40, using: &generator) : Int.random(in: 0..<1000, using: &generator)
                bytes[place] = generator.chance(30) ? 0xFF : UInt8.random(in: 0...255, using: &generator)
            }
            if let image = try? FirmwareImage(parsing: bytes) {
                #expect(image.bytes.count <= bytes.count)
                #expect(image.segments.allSatisfy { $0.data.upperBound <= image.bytes.count })
                _ = ImageReport(image)
            }
        }
    }

    @Test("Files are merged with erased flash between them")
    func merging() throws {
        let merged = try FirmwareImage.merging([
            MergeInput(offset: 0x20, bytes: [7, 8], name: "b"), MergeInput(offset: 0x1, bytes: [1, 2, 3], name: "a"),
        ])
        #expect(merged == [0xFF, 1, 2, 3] + [UInt8](repeating: 0xFF, count: 28) + [7, 8])
        let touching = try FirmwareImage.merging([
            MergeInput(offset: 0, bytes: [1], name: "a"), MergeInput(offset: 1, bytes: [2], name: "b"),
        ])
        #expect(touching == [1, 2])
    }

    // Skipped where the peers' Python environment (make peers) is absent.
    @Test("Merged files are esptool's", .enabled(if: EsptoolPeer.isThere))
    func mergingLikeEsptool() async throws {
        var generator = SeededGenerator(9)
        var cases: [(options: String, bytes: [UInt8])] = []
        var expected: [PeerVerdict] = []
        for _ in 0..<20 {
            var (bytes, parts, inputs): ([UInt8], [String], [MergeInput]) = ([], [], [])
            var offset = 0
            for index in 0..<Int.random(in: 1...5, using: &generator) {
                offset += Int.random(in: 0...3, using: &generator) * 0x1000
                let data = generator.bytes(Int.random(in: 1...0x2000, using: &generator))
                parts.append("[\(offset),\(bytes.count),\(data.count)]")
                inputs.append(MergeInput(offset: offset, bytes: data, name: "\(index)"))
                bytes += data
                offset += data.count
            }
            cases.append(("{\"parts\":[\(parts.joined(separator: ","))]}", bytes))
            expected.append(.made(try FirmwareImage.merging(inputs.shuffled(using: &generator))))
        }
        #expect(try await EsptoolPeer.run("merge", cases) == expected)
    }

    @Test("Files that cannot be merged are named")
    func mergeFaults() {
        #expect(throws: ESPImageError.imageInvalid(.mergeEmpty)) { try FirmwareImage.merging([]) }
        #expect(throws: ESPImageError.imageInvalid(.mergeOverlap(first: "a", second: "b", offset: 2))) {
            try FirmwareImage.merging([
                MergeInput(offset: 2, bytes: [2], name: "b"), MergeInput(offset: 0, bytes: [1, 2, 3], name: "a"),
            ])
        }
        for offset in [-1, 128 << 20, .max] {
            let input = MergeInput(offset: offset, bytes: [1, 2], name: "far")
            let error = #expect(throws: ESPImageError.self) { try FirmwareImage.merging([input]) }
            #expect(error?.code == "image-invalid")
            #expect(error?.message.contains("far") == true)
        }
    }
}
