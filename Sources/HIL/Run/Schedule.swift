// Who runs where: tests in their order, boards that fit them, what is tried again and what is given up. A value that is told
// what ended; it starts nothing itself.

/// The tests and boards of a run.
package struct Schedule: Sendable {
    /// What became of an attempt.
    package enum Ending: Sendable, Equatable {
        case passed
        /// The test did not hold.
        case failed
        /// It could not be judged; trying again would come to the same.
        case hopeless
        /// It could not be judged this time.
        case broken
        /// The board is no good any more; the test goes elsewhere.
        case boardDied(String)
        /// The board never was there; the test has not run.
        case boardMissing(String)
        case interrupted
    }

    /// A test to start.
    package struct Start: Sendable, Equatable {
        package var test: Int
        package var board: Int
        /// From 1.
        package var attempt: Int

        package init(test: Int, board: Int, attempt: Int) {
            self.test = test
            self.board = board
            self.attempt = attempt
        }
    }

    private struct Test {
        var needs: BoardNeeds
        var retriesLeft: Int
        var attempts = 0
        var isWaiting = true
        /// Boards that died under it or that were not there.
        var shunned: Set<Int> = []
    }

    private struct Slot {
        var facts: BoardFacts
        var isFree = true
        var setAside: String?
    }

    private var tests: [Test]
    private var boards: [Slot]
    private var isInterrupted = false
    private let jobs: Int

    package init(_ tests: [(needs: BoardNeeds, retries: Int)], boards: [BoardFacts], jobs: Int) {
        self.tests = tests.map { Test(needs: $0.needs, retriesLeft: $0.retries) }
        self.boards = boards.map { Slot(facts: $0) }
        self.jobs = max(1, jobs)
    }

    /// The next test that can start now, on which board. A board is taken that the fewest waiting tests could use, so
    /// that a plain test does not keep a special board from the one test that needs it.
    package mutating func next() -> Start? {
        guard !isInterrupted, boards.count(where: { !$0.isFree }) < jobs else { return nil }
        for index in tests.indices where tests[index].isWaiting {
            let fitting = boards.indices.filter { boards[$0].isFree && suits($0, index) }
            guard let board = fitting.min(by: { demand($0) < demand($1) }) else { continue }
            boards[board].isFree = false
            tests[index].isWaiting = false
            tests[index].attempts += 1
            return Start(test: index, board: board, attempt: tests[index].attempts)
        }
        return nil
    }

    /// An attempt ended. True where the test is to be tried again.
    package mutating func ended(_ start: Start, _ ending: Ending) -> Bool {
        boards[start.board].isFree = true
        switch ending {
        case .passed, .hopeless: return false
        case .failed, .broken:
            guard tests[start.test].retriesLeft > 0 else { return false }
            tests[start.test].retriesLeft -= 1
            tests[start.test].isWaiting = true
            return true
        case .boardDied(let reason), .boardMissing(let reason):
            boards[start.board].setAside = reason
            tests[start.test].shunned.insert(start.board)
            if case .boardMissing = ending { tests[start.test].attempts -= 1 }
            // Where no board is left for it, `stranded` tells.
            tests[start.test].isWaiting = true
            return true
        case .interrupted:
            isInterrupted = true
            return false
        }
    }

    /// The tests that wait for a board that will not come, with why.
    package func stranded() -> [(test: Int, reason: String, everFitted: Bool)] {
        tests.indices.filter { tests[$0].isWaiting }.compactMap { index in
            if boards.indices.contains(where: { suits($0, index) }) { return nil }
            let fitting = boards.filter { tests[index].needs.missing(in: $0.facts) == nil }
            if fitting.isEmpty {
                let lacks = boards.compactMap { tests[index].needs.missing(in: $0.facts) }
                return (index, "no board fits (\(tests[index].needs.words)): " + Self.list(lacks), false)
            }
            return (index, "no board is left: " + Self.list(fitting.compactMap(\.setAside)), true)
        }
    }

    /// Gives up all that has not started, as after an interruption.
    package mutating func stop() { isInterrupted = true }

    /// A test that will not run.
    package mutating func drop(_ test: Int) { tests[test].isWaiting = false }

    /// Why a board is not used any more.
    package func setAside(_ board: Int) -> String? { boards[board].setAside }

    /// The tests that have not run.
    package var waiting: [Int] { tests.indices.filter { tests[$0].isWaiting } }

    private func suits(_ board: Int, _ test: Int) -> Bool {
        boards[board].setAside == nil && !tests[test].shunned.contains(board)
            && tests[test].needs.missing(in: boards[board].facts) == nil
    }

    private func demand(_ board: Int) -> Int { tests.indices.count { tests[$0].isWaiting && suits(board, $0) } }

    private static func list(_ reasons: [String]) -> String {
        var unique: [String] = []
        for reason in reasons where !unique.contains(reason) { unique.append(reason) }
        return unique.joined(separator: "; ")
    }
}
