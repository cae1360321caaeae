// The way in and the only way out: parses the arguments, runs the verb, and turns whatever it throws into a
// message on the right stream and the documented exit code. Verbs only throw.

import ArgumentParser

#if canImport(Glibc)
    import Glibc
#endif

@main
enum Main {
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGINT) { Interruption.end($0) }
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            var command = try Espmask.parseAsRoot(arguments)
            if var async = command as? any AsyncParsableCommand {
                try await async.run()
            } else {
                try command.run()
            }
        } catch is SickFirmware {
            exit(ExitCode.firmwareSick)
        } catch let error as ArgumentParser.ExitCode {
            exit(error.rawValue)
        } catch {
            exit(report(error, arguments: arguments))
        }
    }

    /// Prints what went wrong and returns the exit code.
    private static func report(_ error: any Error, arguments: [String]) -> Int32 {
        let console = Console(json: arguments.contains("--json"))
        if let failure = Failure(describing: error) {
            if console.json { console.event(failure.json) } else { console.note(failure.text) }
            return failure.exitCode
        }
        let message = Espmask.fullMessage(for: error)
        if Espmask.exitCode(for: error).isSuccess {
            console.line(message)
            return ExitCode.done
        }
        let usage = Failure("usage", Espmask.message(for: error), hint: "Run the verb with --help for an example.")
        if console.json { console.event(usage.json) } else { console.note(message) }
        return usage.exitCode
    }
}
