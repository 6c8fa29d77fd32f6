import t from 'tap'
import { homeFolder } from '../src/home-folder.ts'

function unknown(): string {
  throw new Error('uv_os_homedir returned ENOENT')
}

t.test('the home folder is that of the environment, else that of the user', async (t) => {
  t.equal(homeFolder({ HOME: '/home/a', USERPROFILE: 'C:\\a' }), '/home/a')
  t.equal(homeFolder({ HOME: '', USERPROFILE: 'C:\\a' }), 'C:\\a', 'an empty variable counts as unset')
  t.equal(homeFolder({ HOME: '/home/a', USERPROFILE: 'C:\\a' }, ['USERPROFILE']), 'C:\\a')
  t.equal(
    homeFolder({}, undefined, () => '/home/b'),
    '/home/b',
  )
})

t.test('without a home folder it is the root folder, not the working folder', async (t) => {
  t.equal(homeFolder({}, undefined, unknown), '/')
})
