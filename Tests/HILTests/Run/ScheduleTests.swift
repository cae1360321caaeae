// Which test runs where, what is tried again, and what happens when a board dies.

import HIL
import Testing

/// A schedule that can be asked inside an expectation.
private final class Timetable {
    private var schedule: Schedule

    init(_ tests: [(needs: BoardNeeds, retries: Int)], boards: [BoardFacts], jobs: Int) {
        schedule = Schedule(tests, boards: boards, jobs: jobs)
    }

    func next() -> Schedule.Start? { schedule.next() }
    @discardableResult
    func ended(_ start: Schedule.Start, _ ending: Schedule.Ending) -> Bool { schedule.ended(start, ending) }
    func stop() { schedule.stop() }
    func stranded() -> [(test: Int, reason: String, everFitted: Bool)] { schedule.stranded() }
    func setAside(_ board: Int) -> String? { schedule.setAside(board) }
    var waiting: [Int] { schedule.waiting }
}

@Suite("Schedule")
struct ScheduleTests {
    private static let plain = BoardFacts(name: "devkit", chip: "esp32", flashBytes: 4 << 20, tags: ["usb"])
    private static let special = BoardFacts(name: "cam", chip: "esp32", flashBytes: 16 << 20, tags: ["usb", "camera"])

    private static func needs(chip: String? = nil, flash: Int? = nil, tags: [String] = []) -> BoardNeeds {
        var needs = BoardNeeds()
        needs.chip = chip
        needs.flashBytes = flash
        needs.tags = tags
        return needs
    }

    @Test("A plain test leaves the special board to the test that needs it")
    func matching() {
        let schedule = Timetable(
            [(Self.needs(), 0), (Self.needs(tags: ["camera"]), 0)], boards: [Self.special, Self.plain], jobs: 2)
        #expect(schedule.next() == Schedule.Start(test: 0, board: 1, attempt: 1))
        #expect(schedule.next() == Schedule.Start(test: 1, board: 0, attempt: 1))
        #expect(schedule.next() == nil)
    }

    @Test("No more tests run at once than there are jobs or boards")
    func jobs() {
        let boards = [BoardFacts](repeating: Self.plain, count: 3)
        let schedule = Timetable((0..<4).map { _ in (Self.needs(), 0) }, boards: boards, jobs: 2)
        let first = schedule.next()
        #expect(schedule.next() != nil)
        #expect(schedule.next() == nil)
        if let first { #expect(!schedule.ended(first, .passed)) }
        #expect(schedule.next()?.test == 2)
    }

    @Test(
        "A test that fails is tried again as often as it may be, one that cannot succeed is not",
        arguments: [
            (Schedule.Ending.failed, 2, [true, true, false]), (.broken, 1, [true, false]), (.hopeless, 2, [false]),
            (.passed, 2, [false]),
        ] as [(Schedule.Ending, Int, [Bool])])
    func retries(ending: Schedule.Ending, retries: Int, again: [Bool]) throws {
        let schedule = Timetable([(Self.needs(), retries)], boards: [Self.plain], jobs: 1)
        for (index, isAgain) in again.enumerated() {
            let start = try #require(schedule.next())
            #expect(start.attempt == index + 1)
            #expect(schedule.ended(start, ending) == isAgain)
        }
        #expect(schedule.next() == nil)
    }

    @Test("The test of a board that died goes to another one, and the dead board gets none")
    func death() throws {
        let schedule = Timetable(
            [(Self.needs(), 0), (Self.needs(), 0)], boards: [Self.plain, Self.plain], jobs: 2)
        let first = try #require(schedule.next())
        let second = try #require(schedule.next())
        #expect(schedule.ended(first, .boardDied("it is gone")))
        #expect(schedule.next() == nil)
        #expect(schedule.stranded().isEmpty)
        schedule.ended(second, .passed)
        #expect(schedule.next() == Schedule.Start(test: first.test, board: second.board, attempt: 2))
        #expect(schedule.setAside(first.board) == "it is gone")
    }

    @Test("With no board left it is told what happened to them, with none that fits what is missing")
    func stranded() throws {
        let schedule = Timetable(
            [(Self.needs(), 0), (Self.needs(chip: "esp32s3"), 0), (Self.needs(flash: 8 << 20), 0)],
            boards: [Self.plain],
            jobs: 1)
        let start = try #require(schedule.next())
        schedule.ended(start, .boardMissing("no such port"))
        let found = schedule.stranded()
        #expect(
            found.map(\.reason) == [
                "no board is left: no such port",
                "no board fits (chip esp32s3): its chip is esp32, not esp32s3",
                "no board fits (flash 8MB): its flash has 4 MB, less than 8 MB",
            ])
        #expect(found.map(\.everFitted) == [true, false, false])
    }

    @Test("After an interruption nothing starts")
    func interruption() {
        let schedule = Timetable([(Self.needs(), 0)], boards: [Self.plain], jobs: 1)
        schedule.stop()
        #expect(schedule.next() == nil)
        #expect(schedule.waiting == [0])
    }
}
