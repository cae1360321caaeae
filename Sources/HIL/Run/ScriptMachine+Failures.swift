// What happens when work cannot be done or the line breaks: tried again where that is honest, told where it is not.

internal import DeviceBridge

extension ScriptMachine {
    /// Work on a line that damages what it carries is tried so often.
    private static let mostTries = 5

    mutating func broken(_ failure: WorkFailure) -> ScriptAction {
        if case .working(.flash(let work)) = activity, case .flash = step {
            if work.isInterrupted, failure.kind != .work {
                // The driver has plugged the board in again.
                extraNotes.append("broken off as it was to be: \(failure.message)")
                endStep(.passed)
                return advance()
            }
            if failure.kind == .board, configuration.canBeNoisy, tries < Self.mostTries {
                extraNotes.append("tried again: \(failure.message)")
                return self.work(.flash(work))
            }
        }
        blame(failure)
        endStep(.error, message: failure.message, hint: failure.hint)
        // Over a line that is gone nothing more can be done.
        if failure.kind == .line {
            activity = .finished
            return .finish
        }
        return advance()
    }

    /// So often the board is restarted to hear something again.
    private static let mostLooks = 16
    /// The same other line so often, and once more, is no damage: one byte of fifty lost, once in twenty thousand.
    private static let mostAlike = 3
    /// So long after something that nearly was it, it is not waited for any more.
    private static let afterNearly = Duration.milliseconds(1500)

    /// On a line that damages what it carries, a line that nearly was what is waited for is had again: what was sent is
    /// sent again, or the board is restarted, where that changes nothing else. Damage hardly strikes again and again in the
    /// same way: where the same other line keeps coming, that is what the firmware says.
    mutating func lookAgain(_ waiting: inout Waiting, hasMissed: Bool) -> ScriptAction? {
        guard configuration.canBeNoisy, !hasFaults, waiting.looks < Self.mostLooks, canBeHadAgain || lastSent != nil,
            let near = waiting.near
        else { return nil }
        guard hasMissed || now.line - near.since >= Self.afterNearly else { return nil }
        if waiting.nearly.count(where: { $0 == near.text }) >= Self.mostAlike { return nil }
        waiting.nearly.append(near.text)
        if canBeHadAgain {
            activity = .waiting(waiting)
            return .work(.reset)
        }
        waiting.lookAgain(from: hearing.transcript.end, at: now.line)
        activity = .waiting(waiting)
        return lastSent.map { .work(.send($0)) }
    }
}
