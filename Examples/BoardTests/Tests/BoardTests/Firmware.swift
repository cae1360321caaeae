// What the boards are given: a firmware that `espmask build` made and a model that `espmask model pack` made, in the folder
// that BOARD_TESTS_FIRMWARE names (see the Makefile's target `example`).

import ESPImage
import Foundation

enum Firmware {
    /// The folder, where it was named.
    static let folder = ProcessInfo.processInfo.environment["BOARD_TESTS_FIRMWARE"]

    /// The firmware at the chip's usual offsets, and the model in its partition unless that is left out.
    static func layout(withModel: Bool = true) throws -> FlashLayout {
        var files = [(0x1000, "second-stage"), (0x8000, "partition-table"), (0x10000, "firmware")]
        if withModel { files.append((0x110000, "model")) }
        var layout = FlashLayout(flashSize: 4 << 20)
        for (offset, name) in files {
            let file = URL(fileURLWithPath: folder ?? ".").appendingPathComponent(name + ".bin")
            try layout.add(FlashRegion(offset: offset, bytes: [UInt8](try Data(contentsOf: file)), label: name))
        }
        return layout
    }
}
