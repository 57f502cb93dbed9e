package dev.katran.ffm;

import dev.katran.ffm.generated.libbpf.bpf_map_info;
import dev.katran.ffm.generated.libbpf.bpf_prog_info;
import dev.katran.ffm.internal.Bpf;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** Queries the kernel about a map or a program with {@code BPF_OBJ_GET_INFO_BY_FD}. */
final class KernelInfo {

  /** The size of {@code struct bpf_insn} in linux/bpf.h. */
  private static final int BPF_INSN_SIZE = 8;

  private static final int MAX_MAPS = 16;

  private KernelInfo() {}

  /** The part of {@code struct bpf_map_info} that this module uses. */
  record MapInfo(
      int id, String name, int type, int keySize, int valueSize, int maxEntries, int flags) {}

  static MapInfo map(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(bpf_map_info.layout());
      query("map", fd, info);
      return new MapInfo(
          bpf_map_info.id(info),
          bpf_map_info.name(info).getString(0),
          bpf_map_info.type(info),
          bpf_map_info.key_size(info),
          bpf_map_info.value_size(info),
          bpf_map_info.max_entries(info),
          bpf_map_info.map_flags(info));
    }
  }

  /** Returns the ids of a program's maps. */
  static List<Integer> mapIds(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(bpf_prog_info.layout());
      MemorySegment ids = arena.allocate(ValueLayout.JAVA_INT, MAX_MAPS);
      bpf_prog_info.nr_map_ids(info, MAX_MAPS);
      bpf_prog_info.map_ids(info, ids.address());
      query("program", fd, info);
      int count = Math.min(bpf_prog_info.nr_map_ids(info), MAX_MAPS);
      return Arrays.stream(ids.toArray(ValueLayout.JAVA_INT)).limit(count).boxed().toList();
    }
  }

  static ProgramInfo program(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(bpf_prog_info.layout());
      query("program", fd, info);
      byte[] tag = bpf_prog_info.tag(info).toArray(ValueLayout.JAVA_BYTE);
      return new ProgramInfo(
          bpf_prog_info.id(info),
          bpf_prog_info.name(info).getString(0),
          HexFormat.of().formatHex(tag),
          bpf_prog_info.xlated_prog_len(info) / BPF_INSN_SIZE,
          bpf_prog_info.jited_prog_len(info),
          bpf_prog_info.verified_insns(info),
          bpf_prog_info.run_cnt(info),
          Duration.ofNanos(bpf_prog_info.run_time_ns(info)));
    }
  }

  private static void query(String kind, int fd, MemorySegment info) {
    int rc = Bpf.info(fd, info);
    if (rc < 0) {
      throw new BpfException("query " + kind + " of file descriptor " + fd, -rc);
    }
  }
}
