# La página en español. El inglés tiene las mismas claves y variables.

language = Español
languages = Idiomas
months = ene feb mar abr may jun jul ago sep oct nov dic
list-and = { $first } y { $last }
skip = Ir al contenido
menu = Menú
nav-overview = Resumen
nav-backups = Copias
nav-runs = Ejecuciones
nav-drills = Ensayos
nav-sidecar = Sidecar
as-of = Estado a las
stream-lost = El servidor no responde desde hace 10 segundos: lo que ve aquí puede haber cambiado.
on-command-line = En la línea de órdenes
back = Atrás
next = Siguiente
the-set = conjunto
the-set-of = conjunto de { $names }

## Entrar
sign-in = Entrar
sign-in-title = Entrar
sign-in-token = Token de la API
sign-in-where = Está en secrets.api_token, en la configuración.
sign-in-wrong = Este token no es correcto.
sign-in-wait = Han llegado demasiados tokens erróneos desde su dirección. Vuelva a intentarlo en { $time }.
sign-in-at = Entrar con { $provider }
signed-in = Ha entrado
go-on = Continuar
sign-out = Salir
caller = { $name }, ámbito «{ $scope }»

## Estados de un miembro
status-fresh = Al día
status-late = Con retraso
status-warning = Aviso
status-failed = Sin copia válida a tiempo
status-never = Aún nada
status-unknown = Sin respuesta
heading-fresh = { $count ->
    [one] { $names } está al día
   *[other] { $names } están al día
}
heading-some-fresh = { $count ->
    [one] { $names } está al día; lo demás aún no tiene copia
   *[other] { $names } están al día; lo demás aún no tiene copia
}
heading-late = { $count ->
    [one] { $names } necesita atención
   *[other] { $names } necesitan atención
}
heading-failed = { $count ->
    [one] { $names } no tiene una copia válida reciente
   *[other] { $names } no tienen una copia válida reciente
}
heading-unknown = { $count ->
    [one] no se sabe cómo está { $names }
   *[other] no se sabe cómo están { $names }
}
heading-never-yet = { $count ->
    [one] { $names } aún no tiene copia
   *[other] { $names } aún no tienen copia
}
heading-never = Aún no se ha copiado nada

## Motivos
reason-overdue = { $slots ->
    [one] Tocaba una copia el { $due }, y no hay ninguna más reciente.
    [1000] Tocan copias desde el { $due } o antes; faltan 1000 o más.
   *[other] Tocan copias desde el { $due }; faltan { $slots }.
}
reason-no-rhythm = La copia más reciente es del { $at }. Ni una programación ni suficientes copias dicen cuándo toca una.
reason-none-yet = No se ha hecho ninguna copia desde el { $at }, y ninguna programación dice cuándo toca una.
reason-no-good-backup = No hay ninguna copia válida.
reason-all-damaged = Todas las copias que quedan están dañadas.
reason-last-run-failed = La última ejecución falló:
reason-last-run-cancelled = La última ejecución se canceló.
reason-last-run-interrupted = La última ejecución se interrumpió:
reason-copy-damaged = Una copia en { $store } está dañada: { $key }
reason-backup-of-the-future = Una copia tiene fecha del { $at }, que aún no ha llegado: no se puede decir cuán antigua es.
reason-upload-missing = Una copia aún no ha llegado a { $stores }.
reason-drill-failed = El último ensayo falló:
reason-store-unreadable = El almacén { $store } no responde:

## Resumen
nothing-yet = Aquí aún no se ha copiado nada. La primera copia muestra si todo está preparado.
last-good-ago = Última copia válida hace { $time }
last-good-warned = { $count ->
    [one] Tiene 1 aviso.
   *[other] Tiene { $count } avisos.
}
show-warnings = Verlos
days-good = { $count ->
    [0] Últimos { $all } días: ninguna copia válida
    [one] Últimos { $all } días: copia válida en 1 día
   *[other] Últimos { $all } días: copia válida en { $count } días
}
days-warned = de ellos con avisos o con un fallo al lado: { $dates }
days-failed = fallo: { $dates }
days-missed = prevista, pero no hecha: { $dates }
day-good = copia válida
day-quiet = ninguna, y no tocaba
verified-good = verificada
never-verified = sin verificar
on-this-sidecar = solo en este sidecar
stored-in-all = todas las copias: { $stores }
next-run = Próxima
no-schedule = sin horario: solo cuando se pide
with-the-set = con el conjunto
back-up-now = Copiar ahora
back-up-now-of = Copiar { $name } ahora
check = Comprobar
check-now = Comprobar ahora
check-again = Comprobar de nuevo
check-about = Pregunta a módulos, servidores y almacenes si la próxima copia saldría bien. No se copia nada, ni se prueba ninguna orden propia.
check-error = Fallaría
check-stores = Almacenes que pueden lo que una copia necesita:
check-passed = { $count ->
    [0] La próxima copia puede hacerse
    [one] La próxima copia puede hacerse, con 1 aviso
   *[other] La próxima copia puede hacerse, con { $count } avisos
}
check-failed = { $count ->
    [one] 1 cosa haría fallar la próxima copia
   *[other] { $count } cosas harían fallar la próxima copia
}
history = Historia
history-empty = El gráfico empieza con la primera copia.
as-table = Como tabla
chart-measure = Mostrar
chart-size = tamaño del artefacto
chart-duration = duración
chart-added = añadido al almacén
chart-sentence = { $count ->
    [one] La última copia por { $measure }
   *[other] Las últimas { $count } copias por { $measure }
}, como máximo { $largest }; { $failed ->
    [0] ninguna falló
    [one] 1 falló
   *[other] { $failed } fallaron
}.

## Ejecuciones
kind-backup = Copia
kind-restore = Restauración
kind-drill = Ensayo
kind-verify = Verificación
kind-of = { $kind } de { $of }
state-queued = En espera
state-running = En curso
state-succeeded = Terminada
state-failed = Falló
state-cancelled = Cancelada
state-interrupted = Interrumpida
state-warned = { $count ->
    [one] { $state }, con 1 aviso
   *[other] { $state }, con { $count } avisos
}
run-in-progress = { $kind } en curso
size-of = { $part } de { $whole }
size-stored = guardada como { $size }
size-added = { $size } añadidos
time-left = quedan { $time }
time-elapsed = desde hace { $time }
runs-empty = Aún no se ha ejecutado nada. «Copiar ahora», en el resumen, inicia la primera ejecución.
nothing-fits = Nada corresponde a este filtro.
filter-all = todo
filter-kind = Tipo
filter-state = Estado
filter-late = Con retraso o con aviso
filter-warned = con avisos
filter-member = Estrategia
filter-tier = Nivel
pager = Páginas
pages = { $first }–{ $last } de { $count }
newer = Más recientes
older = Más antiguas
column-when = Cuándo
column-what = Qué
column-state = Estado
column-took = Duración
column-size = Tamaño
column-artifact = Artefacto
artifact-size = Tamaño del artefacto
column-asked-by = Pedida por
by-command-line = línea de órdenes
by-schedule = programación
by-schedule-late = programación, con retraso
column-tiers = Niveles
column-kept = Se conserva
column-store = Almacén
column-stores = Almacenes
may-close = Puede cerrar esta página; la ejecución continúa.
members = Miembros
parts-restored = Lo que se restauró
parts-tried = Lo que se iba a restaurar
parts-verified = Lo que se leyó
file = Archivo
left-out = No incluido
left-out-count = { $count ->
    [one] 1 elemento no incluido
   *[other] { $count } elementos no incluidos
}
log = Registro
log-zone = Las horas están en UTC.
log-cut = Solo se conservan las últimas líneas.
follow = Seguir
copy = Copiar
run-id = Ejecución
show-run = Ver la ejecución
show-runs = Ver las ejecuciones
show-backup = Ver la copia
download = Descargar
cancel = Cancelar
cancel-title = ¿Cancelar esta ejecución?
cancel-leaves = Una copia cancelada no deja nada, y las anteriores se conservan. Una restauración cancelada puede dejar una parte de lo que restauraba.
cancel-restore = Es una restauración: lo que ya ha reemplazado queda reemplazado.
cancel-no = Dejar que siga
cancel-yes = Cancelar la ejecución

## Copias
backups-empty = Los almacenes aún no contienen ninguna copia.
no-stores = No hay ningún almacén configurado: cada copia reemplaza a la anterior en este sidecar. Un almacén conserva varias, donde la pérdida de esta máquina no las alcanza.
newest = Las más recientes
backups-count = { $count ->
    [one] 1 copia
   *[other] { $count } copias
}
proven-on = Comprobada { $day }
never-proven = Nunca ensayada
kept-goes = desaparece en la próxima ejecución
kept-until = hasta el { $day }
kept-within = { $days ->
    [one] dentro de { $days } día
   *[other] dentro de { $days } días
}
kept-among = { $last ->
    [one] la última
   *[other] una de las últimas { $last }
}
kept-older = { $days ->
    [one] de más de { $days } día
   *[other] de más de { $days } días
}
kept-beyond = { $last ->
    [one] no es la última
   *[other] no es una de las últimas { $last }
}
kept-floor = { $held ->
    [one] antigua, pero la más reciente
   *[other] antigua, pero una de las { $held } más recientes
}
kept-for-ever = para siempre
kept-no-policy = no hay ninguna retención configurada
kept-newest-good = la válida más reciente
kept-none-is-good = dañada, pero no hay ninguna válida
kept-awaits-copy = hasta que exista su copia en el nivel siguiente
kept-member-of-set = parte de un conjunto que se conserva
kept-tier-not-kept = este nivel no se conserva
kept-brake = demasiado antigua; desaparece en una de las próximas ejecuciones
kept-from-the-future = hecha en el futuro: el reloj ha saltado
kept-clock-jumped = el reloj ha saltado: no se borra nada
kept-clock-in-doubt = el reloj no es de fiar: no se borra nada
unusable = No utilizable
foreign = hecha por otro sidecar
health-never = Sin verificar
health-verified = Verificada { $day }
health-damaged = Dañada
health-unclear = Dudosa
tier-daily = diaria
tier-weekly = semanal
tier-monthly = mensual
tier-yearly = anual
raw-size = Tamaño
stored-size = En el almacén
added-size = Añadido al almacén
is-encrypted = cifrada
format = Formato
copies = Ejemplares
verify = Verificar
done-with-it = Lo que se hizo con ella
inside = Contenido
inside-whole = Para mostrar el contenido hay que leer toda la copia.
inside-partial = Es solo una parte: la copia no es un archivo que se pueda mostrar, o es demasiado grande.
look-inside = Mirar dentro
folders = Carpetas
folder-top = Inicio
folder-open = Abrir { $name }
open = Abrir
download-of = Descargar { $name }
search = Buscar
search-button = Encontrar
parts = Contenido de la copia
parts-found = { $count ->
    [one] { $count } coincidencia
   *[other] { $count } coincidencias
}
restore = Restaurar
restore-ticked = Restaurar lo marcado, o todo
download-all = Descargar todo
download-ticked = Descargar lo marcado, o todo

## Restaurar
needs-restore = Restaurar necesita un token con el ámbito «restore».
steps = Pasos
step-what = Qué
step-where = Dónde
step-read = Leer y confirmar
restore-what-title = ¿Qué debe volver?
restore-parts = Partes; ninguna marcada significa todas
restore-members = Nada marcado significa todo el conjunto.
restore-member = Todo { $name }
restore-files = Archivos
restore-files-help = Rutas o patrones, como uploads/** o *.txt, separados por espacios. Vacío: todo.
restore-files-help-more = Más rutas o patrones además de lo marcado, separados por espacios.
restore-files-help-set = Lo que precede a la primera barra es la estrategia: uploads/docs/**. Vacío: todo.
restore-where-title = ¿A dónde debe volver?
restore-where-legend = A dónde
restore-all = Todo.
restore-chosen = Elegido:
to-new-names = Junto a lo que hay, con nombres nuevos
to-new-names-help = Lo que hay queda como está.
new-name-of = Nombre nuevo de { $name }
to-target = Otro lugar
to-target-help = Un lugar que la configuración nombra en restore.targets.
target = Lugar
to-original = Al lugar de origen, si allí no hay nada
to-original-help = Se detiene antes de cambiar algo si ya existe algo con el mismo nombre. Las órdenes propias tienen que comprobarlo ellas mismas.
to-replace = Al lugar de origen, reemplazando lo que hay
to-replace-help = Lo que hay con los mismos nombres se pierde. Se le pedirá que escriba el nombre.
no-targets = No hay otros lugares configurados (restore.targets): un lugar que solo nombra la línea de órdenes necesita «sidecar restore --into».
targets-of-several = Otro lugar admite una estrategia cada vez: para usarlo, elija una sola estrategia en el paso anterior.
restore-read-title = Lea lo que va a ocurrir
restore-reads = Se leerán { $size } de la copia y se compararán antes de tocar nada.
target-new = nuevo
target-replaced = existe: se REEMPLAZARÁ
target-exists = existe: la restauración se detiene antes de cambiar nada
target-unknown = No se sabe qué hay ya:
restore-server = Se restaura en { $server }
into-target = En { $name }
into-original = Al lugar de origen; se detiene si hay algo
into-original-unseen = Al lugar de origen
target-unseen = Las órdenes de abajo deciden si se detienen ante lo que ya hay o lo sobrescriben: léalas.
into-original-replacing = Al lugar de origen: lo que hay se REEMPLAZA
into-new-names = Junto a lo que hay, con nombres nuevos
into-directory = En el directorio
restore-steps = Lo que ocurre, en este orden
restore-commands = Órdenes que se ejecutan
restore-type = Escriba «{ $name }» para reemplazarlo
restore-replace = Reemplazar { $name }
restore-now = Restaurar ahora
restore-not-read = Aún no se ha restaurado nada: lea primero lo que va a ocurrir y confírmelo aquí.
restore-plan-changed = Lo que ocurriría ha cambiado desde que lo leyó. No se ha restaurado nada: léalo de nuevo.
restore-not-typed = El nombre que ha escrito es otro. No se ha restaurado nada.

## Ensayos
drills-about = Un ensayo restaura la última copia en un lugar de prueba y la comprueba allí: solo de una copia que ya volvió una vez se sabe que vuelve.
drill-never = nunca ensayada
drill-failed = El ensayo falló
drill-failed-at = El ensayo falló el { $time }
drill-passed = comprobada el { $time }
drill-proven = Comprobada
drill-proven-at = El último que pasó:
drill-not-configured = No hay ningún ensayo configurado: añada «drill:» con un lugar de prueba (into) y comprobaciones, y un cron para que se haga solo.
drill-now = Ensayar ahora
drill-now-of = Ensayar { $name } ahora
drill-runs = Ensayos hasta ahora
drills-empty = Aún no se ha hecho ningún ensayo.

## Sidecar
strategies = Lo que se copia
strategy = Estrategia
schedule = Horario
retention = Se conserva
retention-none = todo, para siempre
for-days = { $days ->
    [one] { $days } día
   *[other] { $days } días
}
the-last = { $count ->
    [one] la última
   *[other] las últimas { $count }
}
for-ever = para siempre
store-answers = Responde
store-not-asked = Aún no consultado
store-backups = { $count ->
    [one] { $count } copia válida
   *[other] { $count } copias válidas
}
restore-targets = Otros lugares para restaurar
modules = Módulos, y lo que pueden tocar
modules-about = Un módulo ve solo lo que pide y la configuración permite.
built-in = integrado
modules-known = Módulos que se pueden usar
module-backup = Para una copia
module-restore = Para una restauración
module-nothing = No pide nada.
configuration = Configuración vigente
configuration-about = «***» sustituye los secretos y lo que contienen las variables.
configuration-show = Mostrarla
audit = Quién pidió qué
audit-empty = Aún no se ha pedido nada.
audit-times = { $times } veces desde { $since }
column-who = Token
column-operation = Pedido
column-outcome = Resultado

## Flota
fleet-need-you = { $count ->
    [0] Ninguno de { $all } requiere su atención
    [one] 1 de { $all } requiere su atención
   *[other] { $count } de { $all } requieren su atención
}
fleet-asking = { $count ->
    [one] se está preguntando a 1 sidecar
   *[other] se está preguntando a { $count } sidecars
}
fleet-being-asked = Se le pregunta
fleet-no-status = No dice cómo está:
fleet-doubt = Lo que dice no puede tomarse tal cual:
doubt = En duda
doubt-clock-differs = El reloj difiere
doubt-no-members = No dice nada
doubt-state-unclear = Estado desconocido
fleet-last-known = Lo último que se supo: { $state }, { $time }
fleet-never-drilled = nunca ensayada: { $names }
fleet-warned = con avisos: { $names }
no-answer-wrong-token = Token rechazado
no-answer-too-many-bad-tokens = Token rechazado
no-answer-no-status = Sin estado
filter-count = { $word } ({ $count })
sidecars = Sidecars
column-sidecar = Sidecar
column-why = Motivo
column-last-good = Última copia válida

## Lo que falló
failure-not-found = No existe
failure-conflict = Ahora no
failure-forbidden = No permitido
failure-other = No ha funcionado
