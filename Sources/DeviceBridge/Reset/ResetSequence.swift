// How DTR and RTS bring a board into its loader, as data. On the usual circuit (DevKitC and its many copies)
// RTS alone pulls EN low and DTR alone pulls IO0 low; both or neither let go. On chips with a USB-Serial-JTAG
// controller the lines are emulated. A capacitor on EN decides how long IO0 must stay low, hence two delays.

/// One step of a reset.
public enum ResetStep: Equatable, Sendable {
    /// Both lines at once; true asserts (pin low).
    case lines(dtr: Bool, rts: Bool)
    /// Time for the electronics.
    case wait(Duration)
}

/// A named series of steps.
public struct ResetSequence: Equatable, Sendable {
    /// What it is called in traces.
    public var name: String
    /// The steps in order.
    public var steps: [ResetStep]

    /// EN low, then IO0 low while EN rises, then IO0 free; DTR and RTS one after the other, as over RFC 2217.
    public static func classic(_ delay: Duration) -> ResetSequence {
        ResetSequence(
            name: "classic",
            steps: [
                .lines(dtr: false, rts: true), .wait(.milliseconds(100)), .lines(dtr: true, rts: false),
                .wait(delay), .lines(dtr: false, rts: false),
            ])
    }

    /// The same, starting from both lines in each of their idle states, for circuits that dislike half a change.
    public static func tight(_ delay: Duration) -> ResetSequence {
        ResetSequence(
            name: "tight",
            steps: [
                .lines(dtr: false, rts: false), .lines(dtr: true, rts: true), .lines(dtr: false, rts: true),
                .wait(.milliseconds(100)), .lines(dtr: true, rts: false), .wait(delay),
                .lines(dtr: false, rts: false),
            ])
    }

    /// The emulated lines of the USB-Serial-JTAG controller.
    public static let usbJTAG = ResetSequence(
        name: "usb-jtag",
        steps: [
            .lines(dtr: false, rts: false), .wait(.milliseconds(100)), .lines(dtr: true, rts: false),
            .wait(.milliseconds(100)), .lines(dtr: true, rts: true), .lines(dtr: false, rts: true),
            .wait(.milliseconds(100)), .lines(dtr: false, rts: false),
        ])

    /// EN low for a moment with IO0 free: the board starts from flash.
    public static let run = ResetSequence(
        name: "run",
        steps: [.lines(dtr: false, rts: true), .wait(.milliseconds(100)), .lines(dtr: false, rts: false)])

    /// What to try over a network, where two lines never change at once, and servers know the classic sequence.
    public static let overNetwork: [ResetSequence] = [.classic(.milliseconds(50)), .classic(.milliseconds(550))]

    /// EN low, and left low: the board says nothing more.
    public static let hold = ResetSequence(
        name: "hold", steps: [.lines(dtr: false, rts: true), .wait(.milliseconds(20))])

    /// What to try one after the other on an ordinary board.
    public static let usual: [ResetSequence] = [
        .tight(.milliseconds(50)), .classic(.milliseconds(50)), .tight(.milliseconds(550)),
        .classic(.milliseconds(550)),
    ]
}
