package dev.katran.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The exported packages wrap the bindings: callers see no generated and no internal type. */
class ExportedApiTest {

  private static final String CLASS = ".class";

  @Test
  void exportedSignatures_nameNoHiddenType() throws Exception {
    ModuleReference module = module();
    Set<String> exported =
        module.descriptor().exports().stream()
            .map(ModuleDescriptor.Exports::source)
            .collect(Collectors.toUnmodifiableSet());
    Set<String> hidden = new HashSet<>(module.descriptor().packages());
    hidden.removeAll(exported);

    List<String> signatures = new ArrayList<>();
    for (Class<?> type : classes(module)) {
      if (exported.contains(type.getPackageName()) && isVisible(type)) {
        signatures.addAll(signatures(type));
      }
    }

    assertThat(exported).containsExactlyInAnyOrder("dev.katran.ffm", "dev.katran.ffm.net");
    assertThat(hidden).contains("dev.katran.ffm.generated.libbpf", "dev.katran.ffm.internal");
    assertThat(signatures)
        .isNotEmpty()
        .noneMatch(each -> hidden.stream().anyMatch(name -> each.contains(name + ".")));
  }

  private static ModuleReference module() throws Exception {
    Path classes =
        Path.of(BpfMap.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    return ModuleFinder.of(classes).find("dev.katran.ffm").orElseThrow();
  }

  private static List<Class<?>> classes(ModuleReference module)
      throws IOException, ClassNotFoundException {
    List<Class<?>> classes = new ArrayList<>();
    try (ModuleReader reader = module.open()) {
      for (String file : reader.list().filter(each -> each.endsWith(CLASS)).toList()) {
        if (!file.equals("module-info.class")) {
          String name = file.substring(0, file.length() - CLASS.length()).replace('/', '.');
          classes.add(Class.forName(name, false, ExportedApiTest.class.getClassLoader()));
        }
      }
    }
    return classes;
  }

  private static boolean isVisible(Class<?> type) {
    Class<?> outer = type.getDeclaringClass();
    return isVisible(type.getModifiers()) && (outer == null || isVisible(outer));
  }

  private static boolean isVisible(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  /** Returns a class header and its visible members as Java prints them, with type arguments. */
  private static List<String> signatures(Class<?> type) {
    Stream<String> header =
        Stream.concat(
            Stream.of(type.toGenericString(), String.valueOf(type.getGenericSuperclass())),
            Arrays.stream(type.getGenericInterfaces()).map(Type::getTypeName));
    Stream<Member> members =
        Stream.of(
                type.getDeclaredFields(), type.getDeclaredMethods(), type.getDeclaredConstructors())
            .flatMap(Arrays::stream);
    return Stream.concat(
            header,
            members
                .filter(each -> isVisible(each.getModifiers()) && !each.isSynthetic())
                .map(ExportedApiTest::signature))
        .toList();
  }

  private static String signature(Member member) {
    return member instanceof Field field
        ? field.toGenericString()
        : ((Executable) member).toGenericString();
  }
}
