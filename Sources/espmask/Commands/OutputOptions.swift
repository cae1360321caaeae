// The flags that every verb takes.

import ArgumentParser

struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print JSON and nothing else on stdout.")
    var json = false

    var console: Console { Console(json: json) }
}
