// What a trial of an arena comes to, from what firmware of any kind prints.

import DeviceBridge
import Testing

@Suite("Listening to a trial of an arena")
struct ArenaTrialWatchTests {
    /// Lines of a board that started, and what they come to when so many seconds have passed since the last one.
    private static func outcome(_ lines: String..., after seconds: Int = 0) -> ArenaTrial? {
        var watch = ArenaTrialWatch(arena: 2048, at: .zero)
        for event in monitor(Array((lines.joined(separator: "\r\n") + "\r\n").utf8)).events {
            watch.heard(event, at: .seconds(1))
        }
        return watch.outcome(at: .seconds(1 + seconds))
    }

    @Test("A prediction is a success")
    func works() {
        #expect(Self.outcome("predicting...", "predicted: 0.47") == .works(used: 2048))
    }

    @Test(
        "The first number that is missing counts, whatever follows",
        arguments: [
            ("Failed to resize buffer. Requested: 2560, available 1348, missing: 1212", 1212),
            ("Failed to allocate tail memory. Requested: 64, available 48, missing: 16", 16),
            ("Arena size is too small for all buffers. Needed 3508 but only 2048 was available.", 1460),
            ("espmask: error=arena-too-small needed=2100 available=2048 missing=52", 52),
        ])
    func refuses(line: String, missing: Int) {
        let rest = "AllocateTensors() failed"
        #expect(Self.outcome(line, rest, "predicting...", "predicted: nan") == .refused(missing: missing))
    }

    @Test(
        "Not-a-number, a crash and an error are failures once no number can be expected any more",
        arguments: [
            ("predicted: nan", "the prediction nan"),
            ("Guru Meditation Error: Core  1 panic'ed (LoadProhibited). Exception was unhandled.", "panic"),
            ("AllocateTensors() failed", "allocate-tensors-failed"),
        ])
    func fails(line: String, reason: String) {
        #expect(Self.outcome(line, after: 1) == nil)
        guard case .failed(let said)? = Self.outcome(line, after: 3) else {
            Issue.record("no failure")
            return
        }
        #expect(said.contains(reason), "\(said)")
    }

    @Test("A board that restarts by itself has failed, even if it would predict later")
    func restarts() {
        let trial = Self.outcome(SampleLog.banner, SampleLog.banner, "predicted: 0.47", after: 3)
        #expect(trial == .failed(reason: "a restart"))
    }

    @Test("Silence is a failure after five seconds")
    func silence() {
        #expect(Self.outcome("hello", after: 4) == nil)
        #expect(Self.outcome("hello", after: 6) == .failed(reason: "silence"))
    }
}
