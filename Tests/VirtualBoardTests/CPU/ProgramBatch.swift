// Many random programs in one image, since starting qemu costs more than running them, and what two result areas differ in.

/// Programs of consecutive seeds.
struct ProgramBatch {
    var seeds: Range<UInt64>
    /// The lines of each program in the image's listing.
    private var lines: [Range<Int>]
    private(set) var image: GuestImage

    /// `alterations` are added to the programs of their seeds.
    init(seeds: Range<UInt64>, alterations: [UInt64: [Instruction]] = [:]) {
        self.seeds = seeds
        let size = seeds.count * ProgramRecord.words * 4
        var lines: [Range<Int>] = []
        image = GuestImage.make(resultSize: size) { code in
            for (index, seed) in seeds.enumerated() {
                let record = GuestLayout.results + UInt32(index * ProgramRecord.words * 4)
                let first = code.listing.count
                var generator = ProgramGenerator(seed: seed, record: record)
                generator.alteration = alterations[seed] ?? []
                generator.emit(into: &code)
                lines.append(first..<code.listing.count)
            }
        }
        self.lines = lines
        let initial = seeds.flatMap { seed in
            [UInt32](repeating: 0, count: ProgramRecord.words - ProgramRecord.windowWords)
                + ProgramGenerator.data(seed: seed)
        }
        image.setInitialResults(initial)
    }

    /// The seeds whose programs left different states, with what differs.
    func differences(_ theirs: [UInt32], _ ours: [UInt32]) -> [(seed: UInt64, text: String)] {
        var found: [(seed: UInt64, text: String)] = []
        for (index, seed) in seeds.enumerated() {
            let range = index * ProgramRecord.words..<(index + 1) * ProgramRecord.words
            let (left, right) = (Array(theirs[range]), Array(ours[range]))
            guard left != right else { continue }
            let places = left.indices.filter { left[$0] != right[$0] }
            let parts = places.map { place in
                let name =
                    place < ProgramRecord.names.count
                    ? ProgramRecord.names[place] : "data[\(place - ProgramRecord.names.count)]"
                return "\(name): qemu \(hexWord(left[place])), ours \(hexWord(right[place]))"
            }
            found.append((seed, "program of seed \(seed): " + parts.joined(separator: "; ")))
        }
        return found
    }

    /// A program as text, by its seed.
    func listing(seed: UInt64) -> String {
        guard seeds.contains(seed) else { return "" }
        return image.listing[lines[Int(seed - seeds.lowerBound)]].map { "\(hexWord($0.address))  \($0.text)" }
            .joined(separator: "\n")
    }

    /// The first differences with the first program's listing: what a failing test prints.
    func report(_ differences: [(seed: UInt64, text: String)]) -> String {
        guard let first = differences.first else { return "no difference" }
        return differences.prefix(20).map(\.text).joined(separator: "\n") + "\n" + listing(seed: first.seed)
    }
}
