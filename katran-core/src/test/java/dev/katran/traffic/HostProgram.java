package dev.katran.traffic;

import com.google.common.io.Resources;
import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.ProgramArray;
import dev.katran.ffm.XdpLink;
import dev.katran.lab.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;

/** A host's own program on its interface, which calls those in a pinned array. */
final class HostProgram implements AutoCloseable {

  private final BpfObject object;
  private final Path pin;
  private final ProgramArray array;
  private final XdpLink link;

  private HostProgram(BpfObject object, Path pin, ProgramArray array, XdpLink link) {
    this.object = object;
    this.pin = pin;
    this.array = array;
    this.link = link;
  }

  /** Attaches the program and pins its array. */
  static HostProgram start(Host host, Path pin, String name) throws Exception {
    byte[] elf = Resources.toByteArray(Resources.getResource("dev/katran/golden/dispatcher.bpf.o"));
    BpfObject object =
        BpfObject.load(
            "dispatcher",
            elf,
            fresh -> {
              for (String each : new String[] {"dispatch", "dispatch_frags"}) {
                fresh.program(each).autoload(each.equals(name));
              }
            });
    object.map("dispatched").pin(pin);
    BpfProgram program = object.program(name);
    return new HostProgram(
        object,
        pin,
        ProgramArray.openPinned(pin),
        host.call(() -> XdpLink.attach(program, host.ifindex(), XdpLink.Mode.NATIVE)));
  }

  /** Returns the id of the program in an element. */
  OptionalInt programAt(int index) {
    return array.programAt(index);
  }

  /** Puts a program of others into an element and returns its id. */
  int occupy(int index) {
    try (BpfObject pass = BpfObject.load("pass", BpfPrograms.pass(), fresh -> {})) {
      array.put(index, pass.program("pass").fd());
      return pass.program("pass").info().id();
    }
  }

  /** Puts what an unpinned balancer leaves when its process is killed, and returns its id. */
  int putSlotOfAKilledBalancer(int index) {
    try (BpfObject slot = BpfObject.load("slot", BpfPrograms.slot(), fresh -> {})) {
      array.put(index, slot.program("katran_slot").fd());
      return slot.program("katran_slot").info().id();
    }
  }

  void empty(int index) {
    array.remove(index);
  }

  /** Returns the id of the program. */
  int id() {
    return link.programId();
  }

  /** Detaches the program, which takes its array with it. */
  @Override
  public void close() throws IOException {
    Files.deleteIfExists(pin);
    array.close();
    link.close();
    object.close();
  }
}
