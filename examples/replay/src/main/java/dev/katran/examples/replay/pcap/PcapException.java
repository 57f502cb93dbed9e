package dev.katran.examples.replay.pcap;

import java.io.IOException;

/** Thrown when a file is not a valid capture. The message describes what was found instead. */
public final class PcapException extends IOException {

  private static final long serialVersionUID = 1L;

  PcapException(String message) {
    super(message);
  }
}
