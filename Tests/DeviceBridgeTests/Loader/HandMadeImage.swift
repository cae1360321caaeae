// Firmware images and partition tables for tests, laid out by hand from the format's description (esp_image_format.h,
// gen_esp32part), so that no code of ours has a say in what is right.

import Crypto

/// An image with one segment.
func handMadeImage(
    chip: UInt16 = 0, minimum: UInt16 = 0, maximum: UInt16 = 0xFFFF, legacy: UInt8 = 0, flashNibble: UInt8 = 2,
    bytes count: Int = 600, seed: UInt64 = 1
) -> [UInt8] {
    func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) } }
    func half(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }
    let data = noise(count / 4 * 4, seed: seed)
    var image: [UInt8] = [0xE9, 1, 2, flashNibble << 4] + word(0x4008_0000)
    image += [0xEE, 0, 0, 0] + half(chip) + [legacy] + half(minimum) + half(maximum) + [0, 0, 0, 0, 1]
    image += word(0x4008_0000) + word(UInt32(data.count)) + data
    image += [UInt8](repeating: 0, count: 15 - image.count % 16)
    image.append(data.reduce(0xEF, ^))
    return image + Array(SHA256.hash(data: image))
}

/// A binary table of rows (type, subtype, offset, size, label) with its MD5 row.
func handMadeTable(_ rows: [(UInt8, UInt8, Int, Int, String)]) -> [UInt8] {
    func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    var table: [UInt8] = []
    for (type, subtype, offset, size, label) in rows {
        let name = Array(label.utf8) + [UInt8](repeating: 0, count: 16 - label.utf8.count)
        table += [0xAA, 0x50, type, subtype] + word(offset) + word(size) + name + [0, 0, 0, 0]
    }
    table += [0xEB, 0xEB] + [UInt8](repeating: 0xFF, count: 14) + Array(Insecure.MD5.hash(data: table))
    return table + [UInt8](repeating: 0xFF, count: 0xC00 - table.count)
}

/// NVS, otadata, one application and a file system, as an ESP-IDF project has them.
let usualTable = handMadeTable([
    (1, 2, 0x9000, 0x4000, "nvs"), (1, 0, 0xD000, 0x2000, "otadata"), (0, 0, 0x10000, 0x100000, "factory"),
    (1, 0x82, 0x110000, 0x80000, "storage"),
])
