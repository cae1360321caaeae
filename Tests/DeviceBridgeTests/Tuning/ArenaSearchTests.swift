// The search for the smallest arena, against boards whose need is known.

import DeviceBridge
import Testing

@Suite("The search for the smallest arena")
struct ArenaSearchTests {
    /// Lets a search run on a board that needs `need` bytes, as it would answer.
    private static func search(
        estimate: Int, limit: Int = 1 << 18, board: (Int) -> ArenaTrial
    ) -> (end: ArenaSearch.Next, search: ArenaSearch) {
        var search = ArenaSearch(estimate: estimate, limit: limit)
        var next = search.first
        while case .attempt(let arena) = next { next = search.tried(arena, board(arena)) }
        return (next, search)
    }

    private static func exact(_ need: Int) -> (Int) -> ArenaTrial {
        { $0 >= need ? .works(used: need) : .refused(missing: need - $0) }
    }

    @Test("An estimate that is right takes two boots: one that works, one that is four bytes short")
    func takesTwoBoots() {
        let (end, search) = Self.search(estimate: 1300, board: Self.exact(1300))
        #expect(end == .found(minimum: 1300))
        #expect(
            search.steps == [
                .init(arena: 1300, trial: .works(used: 1300)), .init(arena: 1296, trial: .refused(missing: 4)),
            ])
        #expect(search.used == 1300)
    }

    @Test(
        "A wrong estimate is mended by what the board says, within three boots",
        arguments: [(4, 1300), (100_000, 1300), (1296, 1300), (1304, 1300), (1300, 4), (7, 4), (0, 40_000)])
    func mendsEstimates(estimate: Int, need: Int) {
        let (end, search) = Self.search(estimate: estimate, board: Self.exact(need))
        #expect(end == .found(minimum: need))
        #expect(search.steps.count <= 3, "\(search.steps)")
    }

    @Test("A board that tells only the first of several lacks is asked again")
    func followsSeveralLacks() {
        let (end, _) = Self.search(estimate: 100) { arena in
            if arena < 400 { return .refused(missing: 400 - arena) }
            return arena < 1000 ? .refused(missing: 1000 - arena) : .works(used: 1000)
        }
        #expect(end == .found(minimum: 1000))
    }

    @Test("A board that names no numbers is searched by halves, and what works is kept after eight boots")
    func searchesByHalves() {
        let (end, search) = Self.search(estimate: 256) { arena in
            arena >= 1000 ? .works(used: arena) : .failed(reason: "nan")
        }
        guard case .found(let minimum) = end else {
            Issue.record("\(end)")
            return
        }
        #expect(minimum >= 1000 && minimum <= 1024)
        #expect(search.steps.count <= ArenaSearch.mostBoots)
    }

    @Test("A board that never works is given up with the last reason")
    func givesUp() {
        let (end, search) = Self.search(estimate: 1000, limit: 4096) { _ in .failed(reason: "reboot-loop") }
        #expect(end == .hopeless(reason: "reboot-loop at 4096"))
        #expect(search.steps.map(\.arena) == [1000, 2000, 4000, 4096])
    }

    @Test(
        "The margin is added and rounded up to sixteen", arguments: [(1300, 8.0, 1408), (1300, 0, 1312), (16, 0, 16)])
    func recommends(minimum: Int, margin: Double, wanted: Int) {
        #expect(ArenaSearch.recommended(minimum, marginPercent: margin) == wanted)
    }
}
