// Several files for several offsets as the one file that a flash would hold, from offset 0 on; gaps are 0xFF, as erased
// flash is.

/// A file to merge and where it goes.
public struct MergeInput: Sendable {
    /// Where in flash it starts.
    public let offset: Int
    /// Its bytes.
    public let bytes: [UInt8]
    /// What to call it in errors.
    public let name: String

    /// A file to merge.
    public init(offset: Int, bytes: [UInt8], name: String) {
        self.offset = offset
        self.bytes = bytes
        self.name = name
    }
}

extension FirmwareImage {
    /// The merged file: from flash offset 0 to the end of the last input.
    ///
    /// Throws `image-invalid` where inputs share bytes, lie beyond 128 MB, or there is none.
    public static func merging(_ inputs: [MergeInput]) throws(ESPImageError) -> [UInt8] {
        guard !inputs.isEmpty else { throw .imageInvalid(.mergeEmpty) }
        let sorted = inputs.sorted { $0.offset < $1.offset }
        var merged: [UInt8] = []
        var previous: MergeInput?
        for input in sorted {
            let limit = 128 << 20
            guard input.offset >= 0, input.offset <= limit, input.bytes.count <= limit - input.offset else {
                let (end, overflows) = input.offset.addingReportingOverflow(input.bytes.count)
                throw .imageInvalid(.mergeBeyondFlash(name: input.name, end: overflows ? .max : end))
            }
            if let previous, merged.count > input.offset {
                throw .imageInvalid(
                    .mergeOverlap(first: previous.name, second: input.name, offset: input.offset))
            }
            merged.append(repeating: 0xFF, input.offset - merged.count)
            merged.append(contentsOf: input.bytes)
            previous = input
        }
        return merged
    }
}
