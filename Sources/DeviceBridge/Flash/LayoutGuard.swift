// Where files may lie: inside one partition of the table in force, or in front of it, or as the table itself. A file
// that outgrows its partition or reaches into another one is refused; so is one that lands on what a program keeps
// for itself (NVS, otadata), unless it was named by that partition's label or nothing is there yet.

package import ESPImage

/// The rules of one partition table.
package struct LayoutGuard: Equatable, Sendable {
    /// Data that a plan would wipe out, if the board has any there.
    package struct Claim: Equatable, Sendable {
        /// Which file.
        package var label: String
        /// Whose data.
        package var partition: String
        /// The part of the flash in question.
        package var range: Range<Int>
    }

    private let table: PartitionTable

    package init(_ table: PartitionTable) { self.table = table }

    /// Throws `layout-overlap` for a region in the wrong place, and returns what must be blank on the board.
    package func claims(of plan: FlashPlan) throws(DeviceError) -> [Claim] {
        var claims: [Claim] = []
        for region in plan.regions { claims += try self.claims(of: region) }
        return claims
    }

    private func claims(of region: FlashRegion) throws(DeviceError) -> [Claim] {
        let erased = region.range.lowerBound..<Self.sectorsEnd(region.range.upperBound)
        let touched = table.partitions.filter { $0.range.overlaps(erased) }
        // A whole flash in one file brings its own table, and lies across everything on purpose.
        if !region.range.contains(PartitionTable.usualOffset) || region.range.count <= FlashPlan.sectorBytes {
            for partition in touched
            where partition.range.contains(region.range.lowerBound) && region.range.upperBound > partition.end {
                throw .layout(
                    "\(region.label) has \(region.bytes.count) bytes, \(region.range.upperBound - partition.end) more "
                        + "than fit the partition '\(partition.name)' at \(hexadecimal(partition.offset))",
                    forcible: true)
            }
            for partition in touched where !partition.range.contains(region.range.lowerBound) {
                throw .layout(
                    "\(region.label) at \(hexadecimal(region.offset)) reaches into the partition '\(partition.name)' at "
                        + "\(hexadecimal(partition.offset)), which does not begin there", forcible: true)
            }
        }
        return touched.filter { $0.isKeptByPrograms && region.partition != $0.name }.map {
            Claim(label: region.label, partition: $0.name, range: $0.range.clamped(to: erased))
        }
    }

    private static func sectorsEnd(_ offset: Int) -> Int {
        (offset + FlashPlan.sectorBytes - 1) / FlashPlan.sectorBytes * FlashPlan.sectorBytes
    }
}

extension PartitionTable {
    /// Where the chips' second stages look for the table unless they were built otherwise.
    package static let usualOffset = 0x8000
}

extension Partition {
    /// The offsets it covers.
    package var range: Range<Int> { offset..<max(offset, end) }

    /// Whether it holds a program.
    package var isApplication: Bool { type == 0 }

    /// Whether programs keep data in it that no build makes: otadata, NVS and its keys, emulated fuses
    /// (types and subtypes of esp_partition.h).
    package var isKeptByPrograms: Bool { type == 1 && [0, 2, 4, 5].contains(subtype) }
}

extension FlashPlan {
    /// The partition table that the plan brings along, as a file of its own or inside a merged one; nil without.
    package var ownTable: PartitionTable? {
        for region in regions where region.range.contains(PartitionTable.usualOffset) {
            let bytes = region.bytes[(PartitionTable.usualOffset - region.offset)...]
            return try? PartitionTable(binary: Array(bytes.prefix(PartitionTable.binarySize)))
        }
        return nil
    }
}
