// The fuzzers' seeds, and what they once found, run through the same parsers: none may trap.

import FuzzTargets
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("The fuzzers' corpus")
struct CorpusTests {
    @Test("No seed and no earlier finding traps", arguments: FuzzTarget.allCases)
    func holds(target: FuzzTarget) throws {
        let folder = Peers.checkout.pushing(FilePath("Tests/FuzzTargets/Corpus/\(target.rawValue)"))
        let names = try Self.names(in: folder)
        #expect(names.count >= 3)
        for name in names {
            let bytes = try Peers.contents(of: folder.appending(name))
            target.run(bytes)
            for length in stride(from: 0, to: bytes.count, by: 7) { target.run(Array(bytes.prefix(length))) }
        }
    }

    private static func names(in folder: FilePath) throws -> [String] {
        guard let handle = opendir(folder.string) else { throw Errno(rawValue: errno) }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
