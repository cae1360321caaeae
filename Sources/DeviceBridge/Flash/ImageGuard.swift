// The last look at the files before they are sent: an image for another chip, for a revision this chip is not, or
// damaged, is found by its own header, at whatever offset it is to lie. Chips and revisions: the extended header of
// ESP-IDF's esp_image_format. What a file without such a header is, nobody can know: it passes.

import ESPImage

/// The images among the regions of a plan.
package struct ImageGuard: Equatable, Sendable {
    /// One image and where it comes from.
    private struct Found: Equatable, Sendable {
        var image: FirmwareImage
        var label: String
        var offset: Int
    }

    private let images: [Found]

    /// Finds the images. Throws `image-invalid` for what looks like one and is damaged, and for an ELF file.
    package init(_ plan: FlashPlan, chip: String) throws(DeviceError) {
        var images: [Found] = []
        let kind = try? Chip.named(chip)
        let table = plan.ownTable
        for region in plan.regions where region.mayBeImage {
            if region.bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) { throw .elfIsNoImage(region.label) }
            var places: Set<Int> = [region.offset]
            // A merged file holds images in its middle.
            if let kind { places.insert(kind.bootloaderOffset) }
            for partition in table?.partitions ?? [] where partition.isApplication { places.insert(partition.offset) }
            for place in places.sorted() where region.range.contains(place) {
                let bytes = place == region.offset ? region.bytes : Array(region.bytes[(place - region.offset)...])
                guard bytes.first == 0xE9 else { continue }
                images.append(try Self.image(bytes, label: region.label, offset: place))
            }
        }
        self.images = images
    }

    private static func image(_ bytes: [UInt8], label: String, offset: Int) throws(DeviceError) -> Found {
        let image: FirmwareImage
        do { image = try FirmwareImage(parsing: bytes) } catch { throw .imageDamaged(label, error.message) }
        if image.checksum == .bad { throw .imageDamaged(label, "its checksum does not fit its data") }
        if image.digest == .bad { throw .imageDamaged(label, "its SHA-256 does not fit its data") }
        return Found(image: image, label: label, offset: offset)
    }

    /// Throws `wrong-chip` for an image that says it is for another chip.
    package func check(chip: String) throws(DeviceError) {
        for found in images where found.image.chip?.name != chip {
            let id = found.image.header.chipID
            throw .imageForOtherChip(found.label, wanted: found.image.chip?.name ?? "chip number \(id)", found: chip)
        }
    }

    /// Whether some image has an opinion about the chip's revision.
    package var limitsRevision: Bool {
        images.contains { Self.limits($0.image.header) != 0...Int(UInt16.max) }
    }

    /// Throws `wrong-chip` for an image that is not for this revision, major * 100 + minor.
    package func check(revision: Int) throws(DeviceError) {
        for found in images {
            let limits = Self.limits(found.image.header)
            if !limits.contains(revision) { throw .imageForOtherRevision(found.label, limits, revision) }
        }
    }

    /// Throws `layout-overlap` for a second stage whose header promises more flash than there is: it would not start.
    package func check(flashBytes: Int, bootloaderOffset: Int) throws(DeviceError) {
        for found in images where found.offset == bootloaderOffset {
            let nibble = found.image.header.flashSizeAndFrequency >> 4
            guard let size = FlashSize.withNibble(nibble), size.bytes > flashBytes else { continue }
            throw .headerPromisesFlash(found.label, size.bytes, flashBytes)
        }
    }

    /// The revisions an image is for. The ESP32's older header has a major number only; on others the byte means
    /// something else. 0 and 65535 as the highest both mean no limit.
    private static func limits(_ header: FirmwareImage.Header) -> ClosedRange<Int> {
        let legacy = header.chipID == 0 ? Int(header.minimumRevisionLegacy) * 100 : 0
        let lowest = max(Int(header.minimumRevision), header.minimumRevision == 0 ? legacy : 0)
        let highest = header.maximumRevision == 0 ? Int(UInt16.max) : Int(header.maximumRevision)
        return lowest...max(lowest, highest)
    }
}

extension DeviceError {
    private static let howToForce = "or --force if you know better."

    static func elfIsNoImage(_ label: String) -> DeviceError {
        DeviceError(
            code: "image-invalid", message: "\(label) is an ELF file; a board cannot start it from flash",
            hint: "Make an image of it: `espmask image make \(label) -o app.bin`, \(howToForce)")
    }

    static func imageDamaged(_ label: String, _ what: String) -> DeviceError {
        DeviceError(
            code: "image-invalid", message: "\(label) begins like a firmware image but is none: \(what)",
            hint: "Build or download it again, \(howToForce)")
    }

    static func imageForOtherChip(_ label: String, wanted: String, found: String) -> DeviceError {
        DeviceError(
            code: "wrong-chip", message: "\(label) is for an \(wanted), the board has an \(found)",
            hint: "Build it for \(found), use the other board, \(howToForce)")
    }

    static func imageForOtherRevision(_ label: String, _ limits: ClosedRange<Int>, _ revision: Int) -> DeviceError {
        func text(_ number: Int) -> String { "v\(number / 100).\(number % 100)" }
        let wanted =
            limits.upperBound == Int(UInt16.max)
            ? "\(text(limits.lowerBound)) or newer" : "\(text(limits.lowerBound)) to \(text(limits.upperBound))"
        return DeviceError(
            code: "wrong-chip", message: "\(label) is for chip revisions \(wanted), this chip is \(text(revision))",
            hint: "Build it for this revision, use a board with another chip, \(howToForce)")
    }

    static func headerPromisesFlash(_ label: String, _ promised: Int, _ found: Int) -> DeviceError {
        DeviceError(
            code: "layout-overlap",
            message:
                "\(label) is made for \(promised >> 20) MB of flash, the board has \(found >> 20) MB: it would not start",
            hint: "Make the image with --flash-size \(found >> 20)MB, \(howToForce)")
    }
}
