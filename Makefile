# The two commands of a fresh machine are `make demo` and `make test`; the rest is for people who work on the code.
# Everything is built in release mode, tests too: the virtual board runs firmware, and a debug build is 30 times slower.

SWIFT  ?= swift
PREFIX ?= /usr/local
BUILD  := $(SWIFT) build -c release
BIN     = .build/release/espmask
PEERS  := .venv-peers
TRAINING := .venv-training

.PHONY: help demo build test unit hil example bench campaign lint format peers needs needs-test sanitize fuzz fuzz-monitor fuzz-parsers fuzz-engine
.PHONY: install release clean

help:
	@echo "make demo      install what is needed, build, and run the demo model on the virtual board"
	@echo "make test      install the judges too, lint, build, and run every test"
	@echo "make example   build and run the example package, a Swift Testing suite that drives virtual boards"
	@echo "make hil       run the hardware-in-the-loop scripts of Tests/HIL on virtual boards (PORT=... names others)"
	@echo "make train-test  train on drawn faces, judge the result here and on the virtual board, test the scripts"
	@echo "make sanitize  run the inference engine on damaged models under the sanitizers (clang)"
	@echo "make campaign  flash the virtual board N times (10000) with one thing going wrong in each, and count the ends"
	@echo "make fuzz      feed the monitor and the parsers with damaged input, ten minutes each (libFuzzer)"
	@echo "make fuzz-engine   the same for the inference engine with damaged models (clang's libFuzzer)"
	@echo "make bench     measure espmask beside esptool and TFLite Micro, and the virtual board's speed"
	@echo "make lint      check the format of the Swift sources"
	@echo "make format    put the Swift sources in that format"
	@echo "make install   install to PREFIX ($(PREFIX))"
	@echo "make release   an archive with a program that needs no Swift toolchain"
	@echo "make clean     remove everything that was built"

needs:
	@scripts/install-needs run

needs-test:
	@scripts/install-needs test

build: needs
	@echo "make: building espmask in release mode (the first time takes a minute or two)"
	@$(BUILD) --product espmask

demo: build
	@echo "make: a model becomes predictions on the virtual board"
	@$(BIN) run --count 6

peers: $(PEERS)/ready

$(PEERS)/ready: scripts/peers.txt
	@echo "make: installing the Python judges into $(PEERS)"
	@python3 -m venv $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r scripts/peers.txt
	@touch $@

lint:
	@$(SWIFT) format lint --strict -r Package.swift Sources Tests Examples

format:
	@$(SWIFT) format -i -r Package.swift Sources Tests Examples

# What training needs comes first: some of the unit tests are skipped without it.
test: needs-test peers lint train-test unit hil example training-test

unit:
	@echo "make: building the tests in release mode"
	@$(BUILD) --product espmask
	@$(BUILD) --build-tests
	@$(SWIFT) test -c release --skip-build

# A package that uses the libraries, as somebody else's would: a Swift Testing suite that drives virtual boards. It is
# built in a folder of its own: two packages in one folder make the package manager forget to build (2 to 3 minutes).
EXAMPLE := --package-path Examples/BoardTests --scratch-path .build-example
example: build
	@echo "make: building and running the example package"
	@$(BIN) build run_model_cnn --output build/example
	@$(BIN) model pack models/mask_cnn_10.tflite --labels mask,no_mask -o build/example/model.bin
	@$(BUILD) --build-tests $(EXAMPLE)
	@BOARD_TESTS_FIRMWARE="$(CURDIR)/build/example" $(SWIFT) test -c release --skip-build $(EXAMPLE)

# The project's own scripts, with a report to look at.
hil: build
	@echo "make: running the scripts of Tests/HIL"
	@mkdir -p build
	@$(BIN) test Tests/HIL $(if $(PORT),--port $(PORT)) --junit build/hil.xml --report build/hil.html

# By hand, beside the tests: the engine against damaged models and random plans under the sanitizers.
SANITIZE := clang -g -O1 -std=c11 -Wall -Wextra -fuse-ld=lld -fsanitize=address,undefined -fno-sanitize-recover=all
sanitize:
	@mkdir -p .build
	@$(SANITIZE) -ISources/InferenceC/include -o .build/engine_fuzz \
		Tests/InferenceTests/Sanitizer/engine_fuzz.c Sources/InferenceC/*.c
	@.build/engine_fuzz $${ESPMASK_SEED:-1} 2000 models/*.tflite

# N flashings with one seeded fault each; SEED repeats a campaign.
N ?= 10000
campaign:
	@$(BUILD) --build-tests
	@ESPMASK_CAMPAIGN=$(N) $(if $(SEED),ESPMASK_SEED=$(SEED)) $(SWIFT) test -c release --skip-build --filter FaultCampaign

# By hand as well: the monitor's whole pipeline, which needs nothing of the package but the files named here.
FUZZ_SECONDS ?= 600
FUZZED = $(shell find Sources/DeviceBridge/Monitor -name '*.swift' -not -path '*/Addresses/*') \
	Sources/DeviceBridge/Errors/Hexadecimal.swift
fuzz: fuzz-monitor fuzz-parsers

fuzz-monitor:
	@mkdir -p .build/fuzz
	@swiftc -O -wmo -swift-version 6 -package-name espmask -parse-as-library -sanitize=fuzzer,address \
		-o .build/monitor_fuzz $(FUZZED) Tests/DeviceBridgeTests/Fuzzer/MonitorFuzzer.swift
	@.build/monitor_fuzz -max_total_time=$(FUZZ_SECONDS) -max_len=8000 -timeout=10 .build/fuzz

# The parsers need the package, in a build of its own; what is found is kept beside the corpus, to be looked at.
FUZZ_TARGETS ?= slip replies images tables elf rfc2217
FUZZ := .build-fuzz/release/Fuzz
fuzz-parsers:
	@ESPMASK_FUZZ=build $(BUILD) --scratch-path .build-fuzz --product Fuzz -Xswiftc -sanitize=fuzzer
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p .build-fuzz/corpus/$$target; \
		echo "make: fuzzing $$target for $(FUZZ_SECONDS) seconds"; \
		ESPMASK_FUZZ=$$target $(FUZZ) -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=10 -print_final_stats=1 \
			-artifact_prefix=.build-fuzz/$$target- .build-fuzz/corpus/$$target Tests/FuzzTargets/Corpus/$$target \
			2> .build-fuzz/$$target.log || { tail -30 .build-fuzz/$$target.log; exit 1; }; \
		grep -E "stat::number_of_executed_units|DONE|cov:" .build-fuzz/$$target.log | tail -2; \
	done

# The engine under libFuzzer, from small models and from inputs that once made a fault.
FUZZ_CORPUS  := .build/engine-corpus
fuzz-engine:
	@mkdir -p $(FUZZ_CORPUS)
	@clang -g -O1 -std=c11 -Wall -Wextra -fuse-ld=lld -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -ISources/InferenceC/include -o .build/engine_libfuzzer \
		Tests/InferenceTests/Sanitizer/engine_libfuzzer.c Sources/InferenceC/*.c
	@.build/engine_libfuzzer -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=20 \
		-artifact_prefix=.build/engine-fault- $(FUZZ_CORPUS) Tests/InferenceTests/Sanitizer/corpus models

bench: build needs-test peers
	@scripts/install-needs bench
	@$(PEERS)/bin/python scripts/bench.py
	@$(PEERS)/bin/python scripts/bench_engine.py
	@$(PEERS)/bin/python scripts/bench_hil.py
	@$(BUILD) --build-tests
	@ESPMASK_BENCH=1 $(SWIFT) test -c release --skip-build --filter BoardSpeed

training-test:
	@echo "make: testing the training scripts (those that need TensorFlow are skipped)"
	@$(PEERS)/bin/python -m pytest -q -p no:cacheprovider training/tests

# The whole way on a small set: the Python environment (1.4 GB, once), training, the report, the board, the scripts.
train-test: build
	@echo "make: training on drawn faces"
	@rm -rf build/train-test
	@mkdir -p build
	@ESPMASK_TRAINING="$(CURDIR)/$(TRAINING)" $(BIN) train --synthetic --count 60 --epochs 60 --starts 1 \
		--out build/train-test
	@$(BIN) evaluate build/train-test --min-accuracy 0.7 --port virtual:
	@$(TRAINING)/bin/pip install --quiet --disable-pip-version-check pytest==9.2.0
	@echo "make: testing the training scripts with TensorFlow"
	@$(TRAINING)/bin/python -m pytest -q -p no:cacheprovider training/tests

install: build
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/espmask"
	install -m 755 $(BIN) "$(DESTDIR)$(PREFIX)/bin/espmask"
	cp -R boards sketches models training schemas docs "$(DESTDIR)$(PREFIX)/share/espmask/"
	install -d "$(DESTDIR)$(PREFIX)/share/espmask/Sources"
	cp -R Sources/InferenceC "$(DESTDIR)$(PREFIX)/share/espmask/Sources/"
	install -d "$(DESTDIR)$(PREFIX)/share/bash-completion/completions" \
		"$(DESTDIR)$(PREFIX)/share/zsh/site-functions" "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d"
	$(BIN) --generate-completion-script bash > "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/espmask"
	$(BIN) --generate-completion-script zsh > "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_espmask"
	$(BIN) --generate-completion-script fish > "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/espmask.fish"

# An archive for machines without the Swift toolchain: the Swift libraries are in the program. libusb, libpng,
# libturbojpeg and zlib are the system's. Built apart, since it is linked in another way.
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo local)
RELEASE  = espmask-$(VERSION)-$(shell uname -s | tr A-Z a-z)-$(shell uname -m)
release: needs
	$(BUILD) --product espmask --static-swift-stdlib --scratch-path .build-static
	rm -rf "build/$(RELEASE)"
	$(MAKE) -o build install PREFIX="$(CURDIR)/build/$(RELEASE)" BIN=.build-static/release/espmask
	strip "build/$(RELEASE)/bin/espmask"
	cp LICENSE README.md "build/$(RELEASE)/"
	tar -C build -czf "build/$(RELEASE).tar.gz" "$(RELEASE)"
	@echo "make: build/$(RELEASE).tar.gz; unpack it anywhere, the program is bin/espmask in it"

clean:
	rm -rf .build .build-static .build-fuzz .build-example .venv-peers .venv-training .espmask build
