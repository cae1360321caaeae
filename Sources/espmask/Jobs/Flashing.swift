// Performs board updates with their progress on the terminal, one board or many side by side, and reports what was done.

import BoardPorts
import DeviceBridge
import ESPImage

enum Flashing {
    /// Brings the board to what `update` says and restarts it.
    static func perform(
        _ update: BoardUpdate, over line: any SerialLine, stub: LoaderSession.StubSource? = nil, console: Console
    ) async throws(DeviceError) -> BoardUpdateReport {
        let session = LoaderSession(line: line, stub: stub)
        let bar = Mutexed(ProgressBar(console: console))
        defer { bar.with { $0.finish() } }
        return try await session.perform(update) { bar.show($0) }
    }

    /// Brings one board up to date and says so.
    static func one(
        _ update: BoardUpdate, at address: PortAddress, _ access: Ports, stub: LoaderSession.StubSource?,
        console: Console
    ) async throws {
        let line = try await access.open(address)
        do throws(DeviceError) {
            let report = try await perform(update, over: line, stub: stub, console: console)
            await line.close()
            show(report, port: address, console: console)
        } catch {
            await line.close()
            throw error
        }
    }

    /// Brings many boards up to date at once. One that fails does not stop the others; what happened to each is said
    /// when all have ended. Returns the failure of the first port, in the order given, that has one.
    static func many(
        _ update: BoardUpdate, at addresses: [PortAddress], _ access: Ports, stub: LoaderSession.StubSource?,
        console: Console
    ) async -> Failure? {
        let board = Mutexed(ProgressRows(names: addresses.map(\.description), console: console))
        let results = await withTaskGroup(of: (Int, Result<BoardUpdateReport, Failure>).self) { group in
            for (index, address) in addresses.enumerated() {
                group.addTask {
                    let result = await bring(update, to: address, access, stub) { progress in
                        board.with { $0.show(progress, row: index) }
                    }
                    board.with { $0.end(row: index, summary(of: result)) }
                    return (index, result)
                }
            }
            var results: [Int: Result<BoardUpdateReport, Failure>] = [:]
            for await (index, result) in group { results[index] = result }
            return results
        }
        var first: Failure?
        for (index, address) in addresses.enumerated() {
            switch results[index] {
            case .success(let report): show(report, port: address, console: console)
            case .failure(let failure):
                first = first ?? failure
                if console.json {
                    console.event(failure.json(port: address.description))
                } else {
                    console.note("\(address): \(failure.text)")
                }
            case nil: break
            }
        }
        return first
    }

    private static func bring(
        _ update: BoardUpdate, to address: PortAddress, _ access: Ports, _ stub: LoaderSession.StubSource?,
        progress: @Sendable (FlashProgress) -> Void
    ) async -> Result<BoardUpdateReport, Failure> {
        do throws(DeviceError) {
            let line = try await access.open(address)
            let outcome: Result<BoardUpdateReport, DeviceError>
            do throws(DeviceError) {
                outcome = .success(try await LoaderSession(line: line, stub: stub).perform(update, progress: progress))
            } catch {
                outcome = .failure(error)
            }
            await line.close()
            return .success(try outcome.get())
        } catch {
            return .failure(Failure(error.code, error.message, hint: error.hint))
        }
    }

    private static func summary(of result: Result<BoardUpdateReport, Failure>) -> String {
        switch result {
        case .success(let report): summary(of: report)
        case .failure(let failure): "failed [\(failure.code)]"
        }
    }

    /// Says what was done.
    static func show(_ report: BoardUpdateReport, port: PortAddress, console: Console) {
        let flash = report.flash
        if console.json {
            console.event([
                "event": "done", "port": .string(port.description), "written": .int(flash.written),
                "skipped": .int(flash.skipped), "seconds": .number(flash.seconds),
                "recoveries": .int(flash.recoveries), "went_astray": .bool(flash.wentAstray),
                "slot": .optional(report.slot?.rawValue),
                "regions": .array(
                    flash.regions.map {
                        [
                            "offset": .string("0x" + String($0.offset, radix: 16)), "size": .int($0.size),
                            "written": .int($0.written), "label": .string($0.label),
                        ]
                    }),
            ])
        } else {
            console.line("\(summary(of: report)), on \(port)")
        }
    }

    /// The report in a sentence.
    static func summary(of report: BoardUpdateReport) -> String {
        let flash = report.flash
        let tenths = Int((flash.seconds * 10).rounded())
        let seconds = "\(tenths / 10).\(tenths % 10)"
        if flash.written == 0 { return "nothing to flash: all \(flash.skipped) bytes are there already, \(seconds) s" }
        let astray =
            flash.wentAstray
            ? "; data went astray on a bad line and was written again: verify what else is on the flash" : ""
        return "flashed \(flash.written) bytes, \(flash.skipped) were there already, \(seconds) s\(astray)"
    }
}
