// Against a board that is not ours: any PORT with an ESP32's mask ROM behind it. Real hardware counts; so does an
// emulator that runs the chip's real ROM. Opt-in, since it overwrites the flash from 0x200000 to 0x300000.

import DeviceBridge
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// The port named by ESPMASK_TEST_PORT, or nil: then these tests are skipped.
private let realPort: String? = getenv("ESPMASK_TEST_PORT").map { String(cString: $0) }

@Suite("A real loader", .serialized, .enabled(if: realPort != nil, "set ESPMASK_TEST_PORT to a board's PORT"))
struct RealLoaderTests {
    private func open() async throws -> any SerialLine {
        switch try PortAddress(#require(realPort)) {
        case .socket(let host, let port): try await TCPLine(host: host, port: port)
        case .rfc2217(let host, let port): try await RFC2217Line(host: host, port: port)
        case .device(let path): try await TermiosLine(path: path)
        case .automatic, .virtual: throw DeviceError(code: "usage", message: "name one port", hint: "")
        }
    }

    @Test("is flashed with 600 KB, skips it the second time, and rewrites only what changed; neighbours stay")
    func flash() async throws {
        let line = try await open()
        let session = LoaderSession(line: line)
        let chip = try await session.connect()
        let description = try await session.describe()
        print("real loader:", chip.name, description)
        var image = firmwareLike(601_808, seed: 77)
        let guardBytes = noise(4096, seed: 78)
        let places = [0x1F_F000, 0x20_0000 + 0x9_3000]
        let guards = try FlashPlan(places.map { FlashRegion(offset: $0, bytes: guardBytes, label: "guard") })
        _ = try await session.flash(guards)
        let plan = try FlashPlan([FlashRegion(offset: 0x20_0000, bytes: image, label: "app")])
        print("first:", try await session.flash(plan))
        for place in places {
            #expect(try await session.md5(place..<place + 4096) == session.md5(places[0]..<places[0] + 4096))
        }
        let second = try await session.flash(plan)
        print("second:", second)
        #expect(second.written == 0)
        image[300_000] ^= 0x55
        let changed = try FlashPlan([FlashRegion(offset: 0x20_0000, bytes: image, label: "app")])
        let third = try await session.flash(changed)
        print("third:", third)
        #expect(third.written == 4096)
        #expect(try await session.read(0x20_0000..<0x20_0400) == Array(image[..<0x400]))
        await line.close()
    }
}
