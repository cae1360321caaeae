// Sketches built on TensorFlow Lite Micro or EloquentTinyML fix their arena when they are compiled, by convention with
// the macro TENSOR_ARENA_SIZE. Found in a sketch's sources, it is how its arena is set: from the settings when it is
// built, and by tune-arena.

import SystemPackage
import Toolchain

/// The macro that a sketch takes its arena from.
struct ArenaDefine: Equatable {
    /// The size that the sketch itself gives, where it is a plain number or a product.
    var ownSize: Int?

    private static let name = "TENSOR_ARENA_SIZE"

    /// Looks for it. Throws `usage` where the sketch defines it so that no other size can be given.
    static func find(in sketch: Sketch) throws(Failure) -> ArenaDefine? {
        var isUsed = false
        var define = ArenaDefine()
        for source in sketch.sources {
            let text = try Files.text(source.string)
            guard text.contains(name) else { continue }
            isUsed = true
            guard
                let match = text.firstMatch(of: /#\s*define\s+TENSOR_ARENA_SIZE\s+\(?\s*([0-9]+)(?:\s*\*\s*([0-9]+))?/)
            else { continue }
            let (first, second) = (Int(match.output.1), match.output.2.map { Int($0) } ?? 1)
            if let first, let second {
                let (product, overflow) = first.multipliedReportingOverflow(by: second)
                define.ownSize = overflow ? nil : product
            }
            let isOpen =
                text.contains(/#\s*ifndef\s+TENSOR_ARENA_SIZE/)
                || text.contains(/!\s*defined\s*\(?\s*TENSOR_ARENA_SIZE/)
            guard isOpen else {
                throw Failure(
                    "usage", "\(source) fixes \(name), so that no other arena can be given to it",
                    hint: "Put the line between '#ifndef \(name)' and '#endif'.")
            }
        }
        return isUsed ? define : nil
    }

    /// What the compiler is told.
    static func argument(_ bytes: Int) -> String { "\(name)=\(bytes)" }
}
