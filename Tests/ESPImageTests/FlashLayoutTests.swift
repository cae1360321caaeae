// What may lie where: sectors are not shared, the flash and the partitions have ends.

import ESPImage
import TestSupport
import Testing

@Suite("Flash layout")
struct FlashLayoutTests {
    private func region(_ label: String, _ offset: Int, _ count: Int) -> FlashRegion {
        FlashRegion(offset: offset, bytes: [UInt8](repeating: 1, count: count), label: label)
    }

    @Test("Regions are kept by offset, with the sectors they erase")
    func order() throws {
        var layout = FlashLayout(flashSize: 4 << 20)
        for item in [
            region("app", 0x10000, 5000), region("boot", 0x1000, 4096), region("table", 0x8000, 1),
            region("none", 0x8000, 0),
        ] {
            try layout.add(item)
        }
        #expect(layout.regions.map(\.label) == ["boot", "table", "app"])
        #expect(layout.regions.map(\.erasedRange) == [0x1000..<0x2000, 0x8000..<0x9000, 0x10000..<0x12000])
        let merged = layout.merged()
        #expect(merged.count == 0x10000 + 5000)
        #expect(merged[0] == 0xFF)
        #expect(merged[0x1000] == 1)
        #expect(merged[0x8001] == 0xFF)
    }

    @Test("Regions that share a sector are both named, in either order", arguments: [false, true])
    func overlap(reversed: Bool) throws {
        var layout = FlashLayout(flashSize: 4 << 20)
        let pair = [region("boot", 0x1000, 0x7001), region("table", 0x8000, 0xC00)]
        let (first, second) = reversed ? (pair[1], pair[0]) : (pair[0], pair[1])
        try layout.add(first)
        let fault = LayoutFault.overlap(first: "boot", firstEnd: 0x8001, second: "table", offset: 0x8000)
        #expect(throws: ESPImageError.layoutOverlap(fault)) { try layout.add(second) }
        #expect(layout.regions.count == 1)
    }

    @Test("Regions that touch are no overlap")
    func touching() throws {
        var layout = FlashLayout(flashSize: 0x3000)
        try layout.add(region("a", 0x1000, 0x1000))
        try layout.add(region("b", 0x2000, 0x1000))
        try layout.add(region("c", 0, 0x1000))
        #expect(layout.merged().count == 0x3000)
    }

    @Test("A region beyond the flash, or in the middle of a sector, is refused")
    func bounds() {
        var layout = FlashLayout(flashSize: 0x3000)
        let faults: [(Int, Int, LayoutFault)] = [
            (0x2000, 0x1001, .beyondFlash(label: "x", end: 0x3001, flashSize: 0x3000)),
            (0x4000, 0, .beyondFlash(label: "x", end: 0x4000, flashSize: 0x3000)),
            (0x7FFF_FFFF_FFFF_F000, 0x1001, .beyondFlash(label: "x", end: .max, flashSize: 0x3000)),
            (0x1004, 1, .misaligned(label: "x", offset: 0x1004)),
            (-0x1000, 1, .misaligned(label: "x", offset: -0x1000)),
        ]
        for (offset, count, fault) in faults {
            #expect(throws: ESPImageError.layoutOverlap(fault)) { try layout.add(region("x", offset, count)) }
        }
    }

    @Test("An image larger than its partition is refused with both named")
    func partitionTooSmall() throws {
        var layout = FlashLayout(flashSize: 4 << 20)
        let table = try PartitionTable(csv: Array("factory,app,factory,,64K\nmodel,data,0x40,,64K\n".utf8))
        try layout.add(table)
        #expect(layout.regions.map(\.offset) == [0x8000])
        let factory = try table.partition(named: "factory")
        try layout.add([UInt8](repeating: 0, count: 0x10000), to: factory)
        let fault = LayoutFault.partitionTooSmall(contents: 0x10001, partition: "model", size: 0x10000)
        #expect(throws: ESPImageError.layoutOverlap(fault)) {
            try layout.add([UInt8](repeating: 0, count: 0x10001), to: try table.partition(named: "model"))
        }
    }

    @Test("A table with a partition beyond the flash is refused")
    func tableBeyondFlash() throws {
        var layout = FlashLayout(flashSize: 1 << 20)
        let table = try PartitionTable(csv: Array("factory,app,factory,,1M\n".utf8))
        let error = #expect(throws: ESPImageError.self) { try layout.add(table) }
        #expect(error?.code == "partition-table-invalid")
    }
}
