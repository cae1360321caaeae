// Pictures: area means by hand, and files written by Pillow, whose grey values are the judge of ours.

import Pictures
import SystemPackage
import TestSupport
import Testing

@Suite("Pictures")
struct PictureTests {
    @Test("Shrinking takes the mean of the area that a new pixel covers")
    func shrinks() throws {
        let two = try #require(GreyPicture(width: 4, height: 2, pixels: [0, 10, 20, 30, 2, 12, 22, 33]))
        #expect(two.resized(width: 2, height: 1)?.pixels == [6, 26])
        // 3 to 2: the middle pixel counts half on each side.
        let three = try #require(GreyPicture(width: 3, height: 1, pixels: [0, 90, 255]))
        #expect(three.resized(width: 2, height: 1)?.pixels == [30, 200])
        #expect(three.resized(width: 3, height: 1) == three)
        #expect(three.resized(width: 6, height: 2)?.pixels == [0, 0, 90, 90, 255, 255, 0, 0, 90, 90, 255, 255])
        #expect(three.resized(width: 0, height: 2) == nil)
    }

    @Test("A mean of equal pixels is that pixel, whatever the sizes", arguments: [1, 2, 7, 10, 19])
    func keepsGrey(size: Int) throws {
        let flat = try #require(GreyPicture(width: 13, height: 11, pixels: [UInt8](repeating: 201, count: 143)))
        let small = try #require(flat.resized(width: size, height: size))
        #expect(small.pixels.allSatisfy { $0 == 201 })
    }

    @Test(
        "Files that are cut or are no pictures are refused with a reason",
        arguments: [
            [], [0x89, 0x50, 0x4E, 0x47], [0xFF, 0xD8, 0xFF], [0xFF, 0xD8, 0xFF, 0xE0, 0, 16], Array("hello".utf8),
        ] as [[UInt8]])
    func refuses(bytes: [UInt8]) {
        #expect(throws: PictureError.self) { try PictureFile.decode(bytes) }
    }

    static let script = """
        import random, sys
        from PIL import Image
        random.seed(7)
        for mode, name in [("RGB", "c.png"), ("L", "g.png"), ("P", "p.png"), ("RGB", "c.jpg"), ("L", "g.jpg")]:
            image = Image.new("RGB", (23, 17))
            image.putdata([tuple(random.randrange(256) for _ in range(3)) for _ in range(23 * 17)])
            image.convert(mode).save(name, quality=95)
            grey = Image.open(name).convert("RGB").convert("L")
            print(name, *grey.getdata())
        """

    @Test(
        "PNG and JPEG files become the grey values that Pillow reads from them",
        .enabled(if: Peers.python("python3") != nil, "no Python judges: run make peers"))
    func readsFiles() async throws {
        let python = try #require(Peers.python("python3"))
        let folder = try ScratchFolder()
        let result = try await Peers.run(python, ["-c", Self.script], in: folder.path)
        try #require(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 5)
        for line in lines {
            let words = line.split(separator: " ")
            let name = String(words[0])
            let picture = try PictureFile.decode(try Peers.contents(of: folder.path.appending(name)))
            let wanted = words.dropFirst().compactMap { UInt8($0) }
            #expect((picture.width, picture.height) == (23, 17))
            // Decoders of JPEG differ by rounding; a level or two is none of a classifier's business.
            let most = zip(picture.pixels, wanted).map { abs(Int($0) - Int($1)) }.max() ?? 255
            #expect(most <= (name.hasSuffix("jpg") ? 2 : 0), "\(name): \(most)")
        }
    }

    @Test(
        "A PNG that is cut anywhere is refused, never read as something else",
        .enabled(if: Peers.python("python3") != nil, "no Python judges: run make peers"))
    func refusesCutFiles() async throws {
        let python = try #require(Peers.python("python3"))
        let folder = try ScratchFolder()
        let result = try await Peers.run(python, ["-c", Self.script], in: folder.path)
        try #require(result.status == 0, "\(result.errors)")
        let bytes = try Peers.contents(of: folder.path.appending("g.png"))
        for count in stride(from: 0, to: bytes.count - 16, by: 7) {
            #expect(throws: PictureError.self) { try PictureFile.decode(Array(bytes.prefix(count))) }
        }
    }
}
