// What the small verbs of the loader have in common: open the port, bring the board into its loader, do the work, and
// start the board again, whether the work was done or not.

import BoardPorts
import DeviceBridge
import ESPImage
import Toolchain

enum LoaderWork {
    /// Runs `work` on the one board of these flags and restarts the board.
    static func perform<Outcome: Sendable>(
        _ flags: PortOptions, stub: LoaderSession.StubSource? = nil, console: Console,
        _ work: @Sendable (LoaderSession, Mutexed<ProgressBar>) async throws -> Outcome
    ) async throws -> Outcome {
        let home = try ProjectHome.find(environment: Console.environmentVariables, executable: Console.executable)
        let settings = try Project.settings(flags: flags.flags)
        let access = Ports(home: home, settings: settings, pace: .virtualTime)
        let line = try await access.open(try access.address())
        let session = LoaderSession(line: line, stub: stub)
        let bar = Mutexed(ProgressBar(console: console))
        do {
            try await session.connect()
            try await session.changeBaudRate(try settings.number(.baud, atLeast: 300) ?? Ports.usualBaud)
            let outcome = try await work(session, bar)
            bar.with { $0.finish() }
            try await session.reset()
            await line.close()
            return outcome
        } catch {
            bar.with { $0.finish() }
            // The first failure is the one to tell; a board that is left in its loader can be reset by hand.
            try? await session.reset()
            await line.close()
            throw error
        }
    }

    /// A file's name, or nil where an argument is an offset.
    static func label(_ place: String) throws -> String? {
        if ByteNumber.parse(place) != nil { return nil }
        guard !place.isEmpty, place.utf8.count <= 16 else {
            throw Failure(
                "usage", "'\(place)' is neither an offset nor a partition's label",
                hint: "Write for example 0x10000, or a label such as factory.")
        }
        return place
    }

    /// The range that PLACE and SIZE mean on this board; `all` is as far as the partition or the flash goes.
    static func range(
        _ place: String, size: String?, on session: LoaderSession
    ) async throws -> Range<Int> {
        let bytes = size == "all" ? nil : try size.map(Self.size)
        if let label = try label(place) { return try await session.partition(label, size: bytes) }
        guard let offset = ByteNumber.parse(place) else { return 0..<0 }
        let end = try await session.flashSize()
        guard offset <= end, bytes ?? 0 <= end - offset else {
            throw Failure(
                "usage",
                "\(place) and \(size ?? "no") bytes from there lie beyond the flash of 0x\(String(end, radix: 16)) bytes",
                hint: "`espmask info` says how large the flash is.")
        }
        return offset..<offset + (bytes ?? end - offset)
    }

    private static func size(_ text: String) throws -> Int {
        if let size = ByteNumber.parse(text), size > 0 { return size }
        throw Failure("usage", "'\(text)' is no size", hint: "Write for example 4096, 0x1000, 4K, or all.")
    }
}
